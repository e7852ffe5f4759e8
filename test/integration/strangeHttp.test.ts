import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type ConnectionOptions } from "node:tls";
import type { EventPayload, LedgerEvent } from "../../protocol/ledger/events.ts";
import { makeCa } from "../../service/pki/x509.ts";
import { userCertificate } from "../support/certificates.ts";
import { openRawHttp2, frameTypes } from "../support/rawHttp2.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import {
  openHttp2,
  openTls,
  parseAnswer,
  requestHttp2,
  sendRaw,
  tlsOptions,
  type PlainAnswer,
} from "../support/tlsRequest.ts";
import { until } from "../support/until.ts";
import { codeOf } from "./accessFixture.ts";

/** HTTP/1.1 that Node's parser answers itself, or hands over to nobody. */
const oldHttp = {
  "no HTTP": "GARBAGE\r\n\r\n",
  "a version that there is not": "GET /v1/status HTTP/9.9\r\nhost: x\r\n\r\n",
  "a broken header": "GET /v1/status HTTP/1.1\r\nhost: x\r\nbroken header\r\n\r\n",
  "a method that there is not": "FOO /v1/status HTTP/1.1\r\nhost: x\r\n\r\n",
  "a head too large": `GET /v1/status HTTP/1.1\r\nhost: x\r\nx-big: ${"y".repeat(20_000)}\r\n\r\n`,
  "two lengths":
    "POST /v1/tokens HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
  CONNECT: "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n",
  "an unknown expectation":
    "POST /v1/tokens HTTP/1.1\r\nhost: x\r\nexpect: magic\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
  "an unknown expectation where nothing is":
    "POST /v1/nothing HTTP/1.1\r\nhost: x\r\nexpect: magic\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
  "the wish to be asked for a body":
    "POST /v1/tokens HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n\r\n",
  "a path that cannot be read": "GET /v1/hosts/%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
  "a target that is no path": "OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
} as const;

/** The same over HTTP/2. */
const newHttp = {
  CONNECT: { ":method": "CONNECT", ":authority": "a:1" },
  "an unknown expectation": { ":method": "POST", ":path": "/v1/tokens", expect: "magic" },
  "the wish to be asked for a body": { ":method": "POST", ":path": "/v1/tokens", expect: "100-continue" },
  "a method that there is not": { ":method": "FOO", ":path": "/v1/status" },
  "a path that cannot be read": { ":path": "/v1/hosts/%zz" },
  "a head too large": { ":path": "/v1/status", "x-big": "y".repeat(20_000) },
};

describe("HTTP that no route sees", function () {
  this.timeout(60_000);
  let service: TestService;
  let strangers: Record<string, ConnectionOptions>;
  const codes = { "no certificate": "no-certificate", "a certificate of its own": "certificate-refused" };

  beforeEach(async () => {
    service = await startTestService({ limits: { failuresPerMinute: 50 } });
    const { caPem, fleetId, member } = service.owner;
    const own = userCertificate(makeCa("self", Date.now()), `spiffe://${fleetId}/user/${member}`);
    strangers = {
      "no certificate": tlsOptions(caPem, null),
      "a certificate of its own": tlsOptions(caPem, own),
    };
  });
  afterEach(() => service.end());

  /** How many refusals with this code of this machine are in the ledger, those still counted among them. */
  async function refused(code: string): Promise<number> {
    await service.stop();
    await service.restart();
    const { events } = await service.clientOf(service.owner).call("listLedger", {
      query: { contains: "access.refused", limit: 1_000 },
    });
    return events
      .map(({ payload }: LedgerEvent) => payload as EventPayload<"access.refused">)
      .filter((one) => one.from === "127.0.0.1" && one.code === code)
      .reduce((sum, { count }) => sum + count, 0);
  }

  for (const [who, code] of Object.entries(codes))
    it(`is answered 401 where it comes with ${who}, and counted`, async () => {
      const stranger = strangers[who];
      assert.ok(stranger);
      let asked = 0;
      const assertRefused = (answer: PlainAnswer, what: string): void => {
        assert.deepEqual([answer.status, codeOf(answer)], [401, code], what);
        asked += 1;
      };
      for (const [what, text] of Object.entries(oldHttp))
        assertRefused(parseAnswer(await sendRaw(service.port, stranger, text)), what);
      for (const [what, head] of Object.entries(newHttp)) {
        const session = await openHttp2(service.port, stranger);
        assertRefused(await requestHttp2(session, head), `HTTP/2: ${what}`);
        session.destroy();
      }
      assert.equal(await refused(code), asked);
    });

  it("is ended where it is no HTTP/2, and counted", async () => {
    const stranger = strangers["no certificate"];
    assert.ok(stranger);
    const raw = await openRawHttp2(service.port, stranger);
    raw.send({ type: frameTypes.data, stream: 0, payload: Buffer.from("x") });
    await raw.closed;
    const noPreface = connect({ ...stranger, port: service.port, ALPNProtocols: ["h2"] });
    noPreface.on("error", () => undefined).resume();
    noPreface.write("GARBAGE, and enough of it to be no preface\r\n\r\n");
    await new Promise((resolve) => noPreface.once("close", resolve));
    assert.equal(await refused("no-certificate"), 2);
  });

  it("asks a member for the body that it holds back, over both versions", async () => {
    const { port, owner } = service;
    const member = tlsOptions(owner.caPem, owner);
    const body = JSON.stringify({ role: "viewer" });
    const socket = await openTls(port, member);
    let told = "";
    socket.on("data", (chunk: Buffer) => (told += chunk.toString("latin1")));
    const head = [
      "POST /v1/tokens HTTP/1.1",
      "host: x",
      "content-type: application/json",
      "expect: 100-continue",
    ];
    socket.write([...head, `content-length: ${body.length}`, "connection: close", "", ""].join("\r\n"));
    await until(() => told !== "", "it is answered");
    assert.equal(told, "HTTP/1.1 100 Continue\r\n\r\n");
    told = "";
    socket.write(body);
    await new Promise((resolve) => socket.once("close", resolve));
    assert.equal(parseAnswer(told).status, 201, told);

    const session = await openHttp2(port, member);
    const asking = { ":method": "POST", ":path": "/v1/tokens", "content-type": "application/json" };
    const stream = session.request({ ...asking, expect: "100-continue" }, { endStream: false });
    await once(stream, "continue");
    stream.end(body);
    const [answer] = (await once(stream, "response")) as [{ ":status": number }];
    assert.equal(answer[":status"], 201);
    session.destroy();
  });

  it("takes no body on and on where its path cannot be read", async () => {
    const socket = await openTls(service.port, tlsOptions(service.owner.caPem, service.owner));
    const closed = once(socket, "close");
    socket.on("error", () => undefined).resume();
    socket.write("POST /v1/hosts/%zz HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n");
    const more = setInterval(() => socket.write("x".repeat(1_000)), 50);
    try {
      await Promise.race([closed, delay(10_000).then(() => assert.fail("it is taken still"))]);
    } finally {
      clearInterval(more);
      socket.destroy();
    }
  });

  it("slows the address that it comes from, and no member there", async () => {
    const stranger = strangers["no certificate"];
    assert.ok(stranger);
    const texts = Object.values(oldHttp);
    for (let time = 0; time < 50; time += 1)
      await sendRaw(service.port, stranger, texts[time % texts.length] ?? "");
    for (const [what, text] of Object.entries(oldHttp)) {
      const answer = parseAnswer(await sendRaw(service.port, stranger, text));
      assert.deepEqual([answer.status, codeOf(answer)], [429, "rate-limited"], what);
      assert.ok(Number(answer.headers["retry-after"]) >= 1, what);
    }
    for (const [what, head] of Object.entries(newHttp)) {
      const session = await openHttp2(service.port, stranger);
      const answer = await requestHttp2(session, head);
      assert.deepEqual([answer.status, codeOf(answer)], [429, "rate-limited"], `HTTP/2: ${what}`);
      assert.ok(Number(answer.headers["retry-after"]) >= 1, what);
      session.destroy();
    }
    const member = parseAnswer(
      await sendRaw(service.port, tlsOptions(service.owner.caPem, service.owner), oldHttp.CONNECT),
    );
    assert.deepEqual([member.status, codeOf(member)], [400, "bad-request"]);
  });
});
