import assert from "node:assert/strict";
import { execFileSync, fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatJoinLink } from "../../protocol/joinLink.ts";
import type { Problem } from "../../protocol/problem.ts";
import type { KeyedCertificate } from "../../service/pki/x509.ts";
import { startImpostor, type Impostor } from "../support/startImpostor.ts";
import { requestHttp1, tlsOptions } from "../support/tlsRequest.ts";
import { cliJson } from "./cliFixture.ts";

/** Node's older way to look at such a certificate, getPeerCertificate(), ends the process. */
const curves = ["brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"];

describe("a certificate with a key on a curve that Node does not know", function () {
  this.timeout(60_000);
  let folder: string;
  let service: ChildProcess | null = null;
  let impostor: Impostor | null = null;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "hwledger-curve-"));
  });
  afterEach(async () => {
    await impostor?.end();
    impostor = null;
    service?.kill("SIGKILL");
    service = null;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function selfSigned(curve: string): KeyedCertificate {
    const curveOf = ["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${curve}`];
    const made = ["req", "-x509", ...curveOf, "-nodes", "-keyout", "-", "-days", "30", "-subj", "/CN=admin"];
    const names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
    const both = execFileSync("openssl", [...made, ...names], { encoding: "utf8", stdio: "pipe" });
    const at = both.indexOf("-----BEGIN CERTIFICATE-----");
    return { keyPem: both.slice(0, at), certificatePem: both.slice(at) };
  }

  /** A service in a process of its own; its port. */
  async function startProcess(): Promise<number> {
    const program = join(folder, "service.mjs");
    const main = new URL("../../service/main.ts", import.meta.url).href;
    const home = join(folder, "home");
    writeFileSync(
      program,
      `import { startService } from ${JSON.stringify(main)};
const started = await startService({ home: ${JSON.stringify(home)}, listen: { address: "127.0.0.1", port: 0 } });
process.send(Number(new URL(started.url).port));`,
    );
    const child = fork(program, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    service = child;
    return new Promise((resolve, reject) => {
      child.once("message", (port) => resolve(Number(port)));
      child.once("exit", (code, signal) => reject(new Error(`the service ended: ${code ?? signal ?? "?"}`)));
    });
  }

  it("is refused by the service as any stranger's, and the service goes on", async () => {
    const port = await startProcess();
    const { caPem } = JSON.parse(readFileSync(join(folder, "home", "identity.json"), "utf8")) as {
      caPem: string;
    };
    for (const curve of curves) {
      const options = tlsOptions(caPem, selfSigned(curve));
      const { status, body } = await requestHttp1(port, options, { method: "GET", path: "/v1/status" });
      assert.deepEqual([status, (JSON.parse(body) as Problem).code], [401, "certificate-refused"], curve);
    }
    assert.equal(service?.exitCode, null);
    assert.equal(service.signalCode, null);
  });

  for (const curve of curves)
    it(`is no fleet's to a joiner, and no end of it: ${curve}`, async () => {
      impostor = await startImpostor({ port: 1, caPem: "" }, [{ kind: "own", ...selfSigned(curve) }]);
      const url = `https://127.0.0.1:${impostor.port}`;
      const link = formatJoinLink({ url, token: "t".repeat(43), caFingerprint: "a".repeat(64) });
      const told = await cliJson({ home: join(folder, curve) }, "join", link, "--name", "grace");
      const { code } = told.document["problem"] as { code: string };
      assert.deepEqual([told.code, code], [3, "service-untrusted"]);
      assert.equal(impostor.handshakes(), 1);
    });
});
