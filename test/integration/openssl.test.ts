import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startTestService, type TestService } from "../support/startTestService.ts";

const run = promisify(execFile);

/** What a run of openssl said; `code` 0 where it was content. */
interface Verdict {
  code: number;
  text: string;
}

describe("openssl", function () {
  this.timeout(60_000);
  let service: TestService;
  let folder: string;

  before(async () => {
    service = await startTestService();
    folder = mkdtempSync(join(tmpdir(), "hwledger-openssl-"));
    const member = await service.member("viewer");
    writeFileSync(join(folder, "ca.pem"), service.owner.caPem);
    writeFileSync(join(folder, "owner.pem"), service.owner.certificatePem);
    writeFileSync(join(folder, "member.pem"), member.certificatePem);
    writeFileSync(join(folder, "member.key"), member.keyPem, { mode: 0o600 });
    const shown = await client("-showcerts");
    const pems = shown.text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    assert.ok(pems[0], shown.text);
    writeFileSync(join(folder, "server.pem"), pems[0]);
    writeFileSync(join(folder, "between.pem"), pems.slice(1).join("\n"));
  });
  after(async () => {
    await service.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function openssl(...args: string[]): Promise<Verdict> {
    const asked = run("openssl", args, { cwd: folder, timeout: 20_000 });
    asked.child.stdin?.end();
    return asked.then(
      ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
      (error: unknown) => {
        const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
        return { code: typeof code === "number" ? code : -1, text: stdout + stderr };
      },
    );
  }

  function client(...args: string[]): Promise<Verdict> {
    const verified = ["-CAfile", "ca.pem", "-verify_return_error", "-x509_strict"];
    return openssl("s_client", "-connect", `127.0.0.1:${service.port}`, ...verified, ...args);
  }

  function verify(file: string, purpose: "sslserver" | "sslclient", ...more: string[]): Promise<Verdict> {
    const named = ["-CAfile", "ca.pem", "-x509_strict", "-purpose", purpose, ...more];
    return openssl("verify", ...named, "-untrusted", "between.pem", file);
  }

  it("verifies the service's chain as a server's, with its address and name, and as nothing else", async () => {
    for (const name of [
      ["-verify_ip", "127.0.0.1"],
      ["-verify_ip", "::1"],
      ["-verify_hostname", "localhost"],
    ])
      assert.deepEqual(await verify("server.pem", "sslserver", ...name), {
        code: 0,
        text: "server.pem: OK\n",
      });
    assert.match((await verify("server.pem", "sslserver", "-verify_ip", "192.0.2.1")).text, /mismatch/i);
    assert.match((await verify("server.pem", "sslclient")).text, /unsuitable certificate purpose/);
  });

  it("verifies members' chains as clients', and as nothing else", async () => {
    for (const file of ["owner.pem", "member.pem"]) {
      assert.deepEqual(await verify(file, "sslclient"), { code: 0, text: `${file}: OK\n` });
      assert.match((await verify(file, "sslserver")).text, /unsuitable certificate purpose/);
    }
  });

  it("finds an identity in each that only its place in the chain allows", async () => {
    const { fleetId } = service.owner;
    for (const [file, uri, isCa] of [
      ["ca.pem", `spiffe://${fleetId}`, true],
      ["server.pem", `spiffe://${fleetId}/service`, false],
      ["member.pem", `spiffe://${fleetId}/user/viewer`, false],
    ] as const) {
      const { text } = await openssl("x509", "-in", file, "-noout", "-text");
      assert.match(text, new RegExp(`URI:${uri}(,|\\n)`), file);
      assert.match(text, isCa ? /CA:TRUE/ : /CA:FALSE/, file);
      assert.equal(/Certificate Sign/.test(text), isCa, file);
    }
  });

  it("speaks TLS 1.3 with the service, with a certificate and without one", async () => {
    for (const shown of [[], ["-cert", "member.pem", "-key", "member.key"]]) {
      const { code, text } = await client(...shown);
      assert.equal(code, 0, text);
      assert.match(text, /^New, TLSv1\.3, Cipher is TLS_/m);
      assert.match(text, /^Verification: OK$/m);
    }
  });

  for (const version of ["-tls1_2", "-tls1_1", "-tls1"])
    it(`is refused by the service with ${version}`, async () => {
      const { code, text } = await client(version, "-cipher", "ALL:@SECLEVEL=0");
      assert.notEqual(code, 0, text);
      assert.match(text, /alert protocol version/);
    });
});
