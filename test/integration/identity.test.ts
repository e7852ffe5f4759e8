import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ClientHttp2Session } from "node:http2";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { streamPath } from "../../protocol/stream.ts";
import type { Identity } from "../../protocol/client/identity.ts";
import type { FleetCa } from "../../service/pki/caFiles.ts";
import { makeCa } from "../../service/pki/x509.ts";
import { userCertificate } from "../support/certificates.ts";
import { admits } from "../../protocol/route.ts";
import { codeOf, guarded, pathOf, upgradeStatus } from "./accessFixture.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import {
  openHttp2,
  requestHttp1,
  requestHttp2,
  tlsOptions,
  type ShownCertificate,
} from "../support/tlsRequest.ts";

const run = promisify(execFile);

describe("who may do what", function () {
  this.timeout(60_000);
  let service: TestService;
  let ca: FleetCa;
  const sessions: ClientHttp2Session[] = [];

  before(async () => {
    service = await startTestService({ limits: { failuresPerMinute: 10_000 } });
    ca = JSON.parse(readFileSync(join(service.home, "keys", "ca.json"), "utf8")) as FleetCa;
  });
  after(async () => {
    for (const session of sessions) session.destroy();
    await service.end();
  });

  function strangers(): Record<string, { shown: ShownCertificate | null; code: string }> {
    const uri = `spiffe://${ca.fleetId}/user/${service.owner.member}`;
    const foreign = makeCa(ca.fleetId, Date.now());
    const refused = "certificate-refused";
    return {
      "no certificate": { shown: null, code: "no-certificate" },
      "a foreign CA's certificate for the owner's SPIFFE id": {
        shown: userCertificate(foreign, uri),
        code: refused,
      },
      "a self-signed certificate": { shown: foreign, code: refused },
      "a certificate of our CA that was never issued": { shown: userCertificate(ca, uri), code: refused },
      "the service's own SPIFFE id": {
        shown: userCertificate(ca, `spiffe://${ca.fleetId}/service`),
        code: refused,
      },
      "an expired certificate that was never issued": {
        shown: userCertificate(ca, uri, -3_600_000),
        code: refused,
      },
    };
  }

  it("is nothing but joining without a certificate of the fleet's: every route, both versions, unknown paths, the stream", async () => {
    for (const [who, { shown, code }] of Object.entries(strangers())) {
      const tls = tlsOptions(service.owner.caPem, shown);
      const session = await openHttp2(service.port, tls);
      sessions.push(session);
      const wanted: [string, string][] = [
        ...guarded.map(([, row]): [string, string] => [row.method, pathOf(row)]),
        ["GET", "/"],
        ["GET", "/v2/anything"],
        ["DELETE", "/v1/status"],
        ["GET", streamPath],
      ];
      for (const [method, path] of wanted) {
        const h2 = await requestHttp2(session, { ":method": method, ":path": path });
        assert.deepEqual([h2.status, codeOf(h2)], [401, code], `${who}: ${method} ${path} over h2`);
        const h1 = await requestHttp1(service.port, tls, { method, path });
        assert.deepEqual([h1.status, codeOf(h1)], [401, code], `${who}: ${method} ${path} over h1`);
      }
      assert.equal(await upgradeStatus(service, tls), 401, `${who}: the stream`);
    }
  });

  it("does not depend on a resumed TLS session", async () => {
    for (const [who, { shown, code }] of Object.entries(strangers())) {
      const tls = tlsOptions(service.owner.caPem, shown);
      const first = await ask(tls);
      assert.equal(first.code, code, who);
      assert.ok(first.session, `${who}: the service gives no session`);
      // Once more with its own certificate, and once without any.
      for (const again of [tls, tlsOptions(service.owner.caPem, null)]) {
        const second = await ask({ ...again, session: first.session });
        assert.ok(second.reused, `${who}: the session was not resumed`);
        assert.notEqual(second.code, "", `${who} was let in by a resumed session`);
      }
    }
  });

  it("is refused in so many words, each time, to a foreign CA that bears our CA's name", async () => {
    const cwd = service.home;
    const subject = `/CN=${new X509Certificate(ca.certificatePem).subject.replace(/^CN=/, "")}`;
    const openssl = (...args: string[]) => run("openssl", args, { cwd });
    const newKey = ["-newkey", "rsa:2048", "-nodes", "-keyout"];
    await openssl("req", "-x509", ...newKey, "their-ca.key", "-out", "their-ca.pem", "-subj", subject);
    await openssl("req", ...newKey, "their.key", "-out", "their.csr", "-subj", "/CN=ada");
    const signedBy = ["-CA", "their-ca.pem", "-CAkey", "their-ca.key", "-CAcreateserial"];
    await openssl("x509", "-req", "-in", "their.csr", ...signedBy, "-out", "their.pem");
    const url = `https://127.0.0.1:${service.port}/v1/status`;
    const args = [
      "-sk",
      "--cert",
      "their.pem",
      "--key",
      "their.key",
      "-w",
      "%{http_code}",
      "-o",
      "/dev/null",
      url,
    ];
    for (const version of ["--http1.1", "--http2"])
      for (let time = 1; time <= 6; time += 1) {
        const { stdout } = await run("curl", [version, ...args], { cwd });
        assert.equal(stdout, "401", `${version}, time ${time}`);
      }
  });

  it("is the member's own on a resumed TLS session", async () => {
    const tls = tlsOptions(service.owner.caPem, service.owner);
    const { session } = await ask(tls);
    const second = await ask({ ...tls, session: session! });
    assert.deepEqual([second.reused, second.code], [true, ""]);
  });

  /** Asks for the status on one connection; `code` is empty when it was answered. */
  async function ask(
    tls: ConnectionOptions,
  ): Promise<{ code: string; session: Buffer | null; reused: boolean }> {
    let session: Buffer | null = null;
    const socket: TLSSocket = connect({ ...tls, port: service.port, ALPNProtocols: ["http/1.1"] });
    socket.on("session", (ticket: Buffer) => (session = ticket));
    let reused = false;
    socket.once("secureConnect", () => (reused = socket.isSessionReused()));
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.write("GET /v1/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    await new Promise((resolve, reject) => {
      socket.once("close", resolve);
      socket.once("error", reject);
    });
    const code = /"code":"([a-z-]+)"/.exec(text)?.[1] ?? "";
    assert.match(text, /^HTTP\/1\.1 (200|401) /);
    return { code, session, reused };
  }

  for (const role of ["viewer", "operator", "admin"] as const)
    it(`lets a ${role} do what the table says and nothing else`, async () => {
      const member: Identity = await service.member(role);
      const session = await openHttp2(service.port, tlsOptions(member.caPem, member));
      sessions.push(session);
      for (const [name, row] of guarded) {
        if (row.answer === "events") continue; // has no end
        const method = row.method;
        const answer = await requestHttp2(session, { ":method": method, ":path": pathOf(row) });
        const code = answer.status < 400 ? "" : codeOf(answer);
        if (admits(row.access, role))
          assert.ok(!/^(role-|no-cert|cert)/.test(code), `${role}: ${name} ${code}`);
        else assert.deepEqual([answer.status, code], [403, "role-insufficient"], `${role}: ${name}`);
      }
    });
});
