import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer, type Server } from "node:tls";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import { createRouteClient } from "../../protocol/client/routeClient.ts";
import { formatJoinLink, parseJoinLink } from "../../protocol/joinLink.ts";
import { Refusal, RemoteProblem } from "../../protocol/problem.ts";
import { makeCa } from "../../service/pki/x509.ts";
import { certificateRequest } from "../support/certificates.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof RemoteProblem) return error.problem.code;
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "";
}

describe("joining by link", function () {
  this.timeout(30_000);
  let service: TestService;
  let clockMs = Date.now();

  before(async () => {
    service = await startTestService({ now: () => clockMs });
  });
  after(() => service.end());

  function askToJoin(link: string, csrPem: string): Promise<unknown> {
    const { token } = parseJoinLink(link);
    const { url, caPem, fleetId } = service.owner;
    const client = createRouteClient({ url, caPem, fleetId });
    return client.call("join", { body: { token, csrPem } }).finally(() => client.close());
  }

  it("makes a member of the link's role, whose certificate opens the routes", async () => {
    const member = await joinFleet(await service.link("viewer"), { name: "ada" });
    assert.equal(member.member, "ada");
    assert.equal(member.role, "viewer");
    const status = await service.clientOf(member).call("getStatus");
    assert.deepEqual([status.member, status.role, status.fleetId], ["ada", "viewer", service.owner.fleetId]);
    const events = await service.client.call("listLedger", {});
    const joined = events.events.findLast((event) => event.type === "member.joined");
    assert.equal(joined?.payload["member"], "ada");
    assert.equal(JSON.stringify(events).includes(parseJoinLink(await service.link("viewer")).token), false);
  });

  it("is given up at once, and the link still leads in afterwards", async () => {
    const silent = createServer();
    const knocks = once(silent, "connection");
    await once(silent.listen(0, "127.0.0.1"), "listening");
    const link = await service.link("viewer");
    const { port } = silent.address() as AddressInfo;
    const given = new AbortController();
    const elsewhere = formatJoinLink({ ...parseJoinLink(link), url: `https://127.0.0.1:${port}` });
    const joining = assert.rejects(joinFleet(elsewhere, { signal: given.signal }), { name: "AbortError" });
    const [socket] = (await knocks) as [Socket];
    const closed = once(socket.resume(), "close");
    given.abort();
    await Promise.all([joining, closed]);
    silent.close();
    await assert.rejects(joinFleet(link, { signal: given.signal }), { name: "AbortError" });
    assert.equal((await joinFleet(link, { name: "patient" })).member, "patient");
  });

  it("gives a second of the same name another one", async () => {
    const first = await joinFleet(await service.link("viewer"), { name: "twin" });
    const second = await joinFleet(await service.link("viewer"), { name: "twin" });
    assert.deepEqual([first.member, second.member], ["twin", "twin-2"]);
  });

  it("gives the same certificate to the same key again, also after the token's time, and no further event", async () => {
    const link = await service.link("operator", 60_000);
    const request = certificateRequest();
    const first = await joinFleet(link, { name: "grace", request });
    const { ledger } = await service.client.call("getStatus");
    clockMs += 120_000;
    const again = await joinFleet(link, { name: "grace", request });
    assert.deepEqual({ ...again, bundleToken: "" }, { ...first, bundleToken: "" });
    assert.deepEqual((await service.client.call("getStatus")).ledger, ledger);
  });

  it("is refused to another key once the link was used", async () => {
    const link = await service.link("viewer");
    await joinFleet(link, { name: "first" });
    assert.equal(await codeOf(joinFleet(link, { name: "second" })), "token-used");
  });

  it("lets one of two in that come at once with different keys", async () => {
    const link = await service.link("viewer");
    const codes = await Promise.all([codeOf(joinFleet(link)), codeOf(joinFleet(link))]);
    assert.deepEqual(codes.sort(), ["", "token-used"]);
  });

  it("is refused after the token's time", async () => {
    const link = await service.link("viewer", 60_000);
    clockMs += 60_001;
    assert.equal(await codeOf(joinFleet(link)), "token-expired");
  });

  it("is refused for a token that nobody made", async () => {
    const link = { ...parseJoinLink(await service.link("viewer")), token: "x".repeat(32) };
    assert.equal(await codeOf(joinFleet(formatJoinLink(link))), "token-unknown");
  });

  it("is refused for keys that are not RSA of 2048 bits, and the token can still be used", async () => {
    const link = await service.link("viewer");
    for (const key of ["ec:-pkeyopt:ec_paramgen_curve:P-256", "rsa:1024"]) {
      const args = [
        "req",
        "-new",
        "-newkey",
        ...key.split(/:(?=-)|(?<=-pkeyopt):/),
        "-nodes",
        "-keyout",
        "/dev/null",
      ];
      const csrPem = execFileSync("openssl", [...args, "-subj", "/CN=x"], {
        encoding: "utf8",
        stdio: "pipe",
      });
      assert.equal(await codeOf(askToJoin(link, csrPem)), "csr-key-unsupported", key);
    }
    assert.equal(await codeOf(joinFleet(link)), "");
  });

  it("is refused for a request that its own key has not signed, or that is none", async () => {
    const link = await service.link("viewer");
    const { csrPem } = certificateRequest();
    const der = Buffer.from(csrPem.replace(/-----[^-]+-----|\s/g, ""), "base64");
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
    const nested = Buffer.concat(Array.from({ length: 3_000 }, () => Buffer.from([0x30, 0x80]))).toString(
      "base64",
    );
    for (const broken of [
      forged,
      "",
      "not PEM",
      csrPem.slice(0, 200),
      `-----BEGIN CERTIFICATE REQUEST-----\n${nested}\n-----END CERTIFICATE REQUEST-----\n`,
    ])
      assert.equal(await codeOf(askToJoin(link, broken)), "csr-invalid", broken.slice(0, 60));
  });

  it("is written into the ledger where it is refused, with the reason and from where", async () => {
    const used = await service.link("viewer");
    await joinFleet(used, { name: "once" });
    const late = await service.link("viewer", 60_000);
    clockMs += 60_001;
    const unknown = formatJoinLink({ ...parseJoinLink(used), token: "y".repeat(32) });
    const wrong = await service.link("viewer");
    const refused: Record<string, () => Promise<unknown>> = {
      "token-used": () => joinFleet(used),
      "token-expired": () => joinFleet(late),
      "token-unknown": () => joinFleet(unknown),
      "token-wrong-role": () => joinFleet(wrong, { as: "agent" }),
    };
    for (const [code, work] of Object.entries(refused)) assert.equal(await codeOf(work()), code);
    const { events } = await service.client.call("listLedger", {
      query: { contains: "access.refused", limit: 1_000 },
    });
    for (const code of Object.keys(refused)) {
      const event = events.find(({ payload }) => payload["code"] === code);
      assert.deepEqual(event?.payload, { from: "127.0.0.1", code, request: "POST /v1/join", count: 1 }, code);
    }
  });

  describe("where another answers", () => {
    let impostor: Server;
    let port: number;
    let received = 0;

    before(async () => {
      const ca = makeCa("11111111-2222-3333-4444-555555555555", Date.now());
      impostor = createTlsServer({ key: ca.keyPem, cert: ca.certificatePem }, (socket) => {
        socket.on("data", (chunk: Buffer) => (received += chunk.length));
        socket.on("error", () => undefined);
      });
      await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve));
      port = (impostor.address() as AddressInfo).port;
    });
    after((done) => void impostor.close(done));

    it("sends it nothing when its CA is not the link's", async () => {
      const link = { ...parseJoinLink(await service.link("viewer")), url: `https://127.0.0.1:${port}` };
      assert.equal(await codeOf(joinFleet(formatJoinLink(link))), "service-untrusted");
      assert.equal(received, 0);
    });

    it("sends it nothing when it shows our CA but has not its key", async () => {
      const other = makeCa(service.owner.fleetId, Date.now());
      impostor.setSecureContext({ key: other.keyPem, cert: other.certificatePem + service.owner.caPem });
      const link = { ...parseJoinLink(await service.link("viewer")), url: `https://127.0.0.1:${port}` };
      assert.equal(await codeOf(joinFleet(formatJoinLink(link))), "service-untrusted");
      assert.equal(received, 0);
    });
  });

  it("takes no link whose fingerprint is not the service's", async () => {
    const link = { ...parseJoinLink(await service.link("viewer")), caFingerprint: "0".repeat(64) };
    assert.equal(await codeOf(joinFleet(formatJoinLink(link))), "service-untrusted");
  });

  it("says that nothing listens there", async () => {
    const link = { ...parseJoinLink(await service.link("viewer")), url: "https://127.0.0.1:1" };
    assert.equal(await codeOf(joinFleet(formatJoinLink(link))), "service-unreachable");
  });
});
