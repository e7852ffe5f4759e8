import assert from "node:assert/strict";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import {
  errorCodes,
  frameFlags,
  frameTypes,
  headerBlock,
  openRawHttp2,
  type RawHttp2,
} from "../support/rawHttp2.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { openHttp2, openTls, parseAnswer, sendRaw, tlsOptions } from "../support/tlsRequest.ts";
import { until } from "../support/until.ts";

const get = (headers = ""): string => `GET /v1/status HTTP/1.1\r\nhost: fleet\r\n${headers}`;

describe("what a connection may cost", function () {
  this.timeout(60_000);
  let service: TestService;
  let member: ConnectionOptions;
  let stranger: ConnectionOptions;
  const sockets: { destroy(): void }[] = [];

  before(async () => {
    service = await startTestService({
      limits: {
        handshakeMs: 1_000,
        firstRequestMs: 1_500,
        idleMs: 2_000,
        strangerMs: 3_000,
        headerBytes: 8_192,
        streamsPerConnection: 8,
        resetsAtOnce: 20,
        resetsPerSecond: 1,
        controlFramesPerMinute: 30,
        failuresPerMinute: 1_000,
      },
    });
    const { caPem } = service.owner;
    member = tlsOptions(caPem, service.owner);
    stranger = tlsOptions(caPem, null);
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    const client = service.clientOf(service.owner);
    assert.equal((await client.call("getStatus")).role, "admin", "the service still answers");
    client.close();
  });
  after(() => service.end());

  /** A connection of a raw client, ended with the test. */
  async function raw(who = member) {
    const client = await openRawHttp2(service.port, who);
    sockets.push(client);
    return client;
  }

  it("is nothing to TLS 1.2", async () => {
    const socket = connectTls({ ...member, port: service.port, maxVersion: "TLSv1.2" });
    const error = await new Promise<Error>((resolve, reject) => {
      socket.once("error", resolve);
      socket.once("secureConnect", () => reject(new Error("TLS 1.2 was accepted")));
    });
    assert.match(String(error), /protocol version|EPROTO/i);
  });

  for (const [what, bytes] of [
    ["nothing", ""],
    ["the beginning of a ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ] as const)
    it(`ends when the handshake does not come: ${what}`, async () => {
      const socket = connectTcp(service.port, "127.0.0.1");
      sockets.push(socket);
      socket.write(Buffer.from(bytes, "latin1"));
      await ended(socket);
    });

  it("ends when a member's HTTP/1.1 request dawdles with its head, also after others, however it drips", async () => {
    const fresh = await openTls(service.port, member);
    const kept = await openTls(service.port, member);
    sockets.push(fresh, kept);
    kept.write(get("\r\n"));
    await new Promise((resolve) => kept.once("data", resolve));
    for (const socket of [fresh, kept]) {
      socket.on("error", () => undefined);
      const drip = setInterval(() => socket.write("x-slow: 1\r\n"), 50);
      socket.write(get());
      await ended(socket);
      clearInterval(drip);
    }
  });

  it("ends when a member's HTTP/2 connection asks nothing, or never ends a request's head, though it pings", async () => {
    const silent = await raw();
    const pings = setInterval(() => silent.send({ type: frameTypes.ping, payload: Buffer.alloc(8) }), 100);
    await silent.closed;
    clearInterval(pings);
    const dawdling = await raw();
    dawdling.send({ type: frameTypes.headers, stream: 1, payload: headerBlock("/v1/status") });
    await dawdling.closed;
  });

  it("ends after its time without a member's certificate, whatever it asks meanwhile", async () => {
    const socket = await openTls(service.port, stranger);
    sockets.push(socket);
    socket.on("error", () => undefined);
    const asking = setInterval(() => socket.write(get("\r\n")), 100);
    await ended(socket);
    clearInterval(asking);
  });

  it("is a head of so many bytes, over both versions", async () => {
    for (const [bytes, status] of [
      [6_000, 200],
      [10_000, 400],
    ] as const) {
      const big = "y".repeat(bytes);
      const head = get(`x-big: ${big}\r\nconnection: close\r\n\r\n`);
      assert.equal(parseAnswer(await sendRaw(service.port, member, head)).status, status, `h1 ${bytes}`);
      const client = await raw();
      const headers = {
        type: frameTypes.headers,
        flags: frameFlags.endHeaders | frameFlags.endStream,
        payload: headerBlock("/v1/status", { "x-big": big }),
      };
      // The client has not said that it knows the limit.
      client.send({ ...headers, stream: 1 });
      await until(() => client.received.some(({ type }) => type === frameTypes.data), "there is an answer");
      const body = client.received.find(({ type }) => type === frameTypes.data)?.payload.toString() ?? "";
      assert.equal(/"code":"bad-request"/.test(body), status === 400, `h2 ${bytes}: ${body}`);
    }
  });

  it("is reset where an HTTP/2 client knows how large a head may be", async () => {
    const session = await openHttp2(service.port, member);
    sockets.push(session);
    await until(() => session.remoteSettings.maxHeaderListSize === 8_192, "the client knows the limit");
    await new Promise((resolve) => session.ping(resolve));
    const stream = session.request({ ":path": "/v1/status", "x-big": "y".repeat(10_000) });
    stream.on("error", () => undefined);
    await new Promise((resolve) => stream.once("close", resolve));
    assert.equal(stream.rstCode, errorCodes.enhanceYourCalm);
  });

  it("is no head in pieces without end", async () => {
    const client = await raw();
    const pieces = Array.from({ length: 100 }, () => ({ type: frameTypes.continuation, stream: 1 }));
    client.send({ type: frameTypes.headers, stream: 1, payload: headerBlock("/v1/status") }, ...pieces);
    await client.closed;
    assert.ok(goAwayOf(client), "it was ended before its time");
  });

  it("is so many requests at once over HTTP/2; of more each is refused", async () => {
    const client = await raw();
    const flags = frameFlags.endHeaders | frameFlags.endStream;
    // These have no end: the readings of the fleet.
    for (let stream = 1; stream <= 2 * 9; stream += 2)
      client.send({ type: frameTypes.headers, flags, stream, payload: headerBlock("/v1/metrics/stream") });
    await until(() => client.received.some(({ type }) => type === frameTypes.resetStream), "one is refused");
    const refused = client.received.filter(({ type }) => type === frameTypes.resetStream);
    assert.deepEqual(
      refused.map(({ stream, payload }) => [stream, payload.readUInt32BE(0)]),
      [[17, errorCodes.refusedStream]],
    );
  });

  it("is not thousands of requests that are taken back at once", async () => {
    const client = await raw();
    const flags = frameFlags.endHeaders | frameFlags.endStream;
    const cancel = Buffer.from([0, 0, 0, errorCodes.cancel]);
    const streams = Array.from({ length: 100 }, (_, at) => 2 * at + 1);
    client.send(
      ...streams.flatMap((stream) => [
        { type: frameTypes.headers, flags, stream, payload: headerBlock("/v1/status") },
        { type: frameTypes.resetStream, stream, payload: cancel },
      ]),
    );
    await client.closed;
    const last = goAwayOf(client)?.readUInt32BE(0);
    assert.ok(last !== undefined && last < 199, `the last one looked at was ${last}`);
  });

  for (const type of ["ping", "settings"] as const)
    it(`is not ${type} frames without measure`, async () => {
      const client = await raw();
      const payload = Buffer.alloc(type === "ping" ? 8 : 0);
      client.send(...Array.from({ length: 100 }, () => ({ type: frameTypes[type], payload })));
      await client.closed;
      assert.equal(goAwayOf(client)?.readUInt32BE(4), errorCodes.enhanceYourCalm);
    });
});

/** What the other side said when it ended the connection, if it said anything. */
function goAwayOf(client: RawHttp2): Buffer | undefined {
  return client.received.find(({ type }) => type === frameTypes.goAway)?.payload;
}

/** Settles when the other side has ended the connection. */
async function ended(socket: Socket): Promise<void> {
  socket.on("error", () => undefined);
  socket.resume();
  if (!socket.destroyed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}
