import assert from "node:assert/strict";
import { RemoteProblem } from "../../protocol/problem.ts";
import {
  errorCodes,
  frameFlags,
  frameTypes,
  headerBlock,
  openRawHttp2,
  type RawHttp2,
} from "../support/rawHttp2.ts";
import type { TestService } from "../support/startTestService.ts";
import { openTls, tlsOptions } from "../support/tlsRequest.ts";
import { until } from "../support/until.ts";
import { startStreamFixture, type StreamFixture } from "./streamFixture.ts";

/** The largest document there is without a fleet of hosts. */
const largest = "/v1/openapi.json";

const logBytes = 24_000_000;

describe("an answer that nobody reads", function () {
  this.timeout(60_000);
  let fixture: StreamFixture;
  let service: TestService;
  let answerBytes: number;
  const clients: { destroy(): void }[] = [];

  before(async () => {
    fixture = await startStreamFixture({
      limits: { unreadMs: 1_000, unreadBytes: 500_000, idleMs: 30_000 },
    });
    ({ service } = fixture);
    answerBytes = JSON.stringify(await service.client.call("getOpenApi")).length;
    assert.ok(answerBytes > 64_000, `${answerBytes} B are too few to show anything`);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });
  after(() => fixture.end());

  /** A client of HTTP/2 that takes so many bytes of each answer. */
  async function taking(bytes: number): Promise<RawHttp2> {
    const client = await openRawHttp2(service.port, tlsOptions(service.owner.caPem, service.owner));
    clients.push(client);
    const payload = Buffer.alloc(6);
    payload.writeUInt16BE(4);
    payload.writeUInt32BE(bytes, 2);
    client.send({ type: frameTypes.settings, payload });
    return client;
  }
  const deaf = (): Promise<RawHttp2> => taking(0);
  const ask = (client: RawHttp2, stream: number, path = largest): void =>
    client.send({
      type: frameTypes.headers,
      flags: frameFlags.endStream | frameFlags.endHeaders,
      stream,
      payload: headerBlock(path),
    });

  let log: Promise<string> | null = null;
  /** A job whose log is larger than the buffers of the network. */
  const aLargeLog = (): Promise<string> =>
    (log ??= (async () => {
      const { id } = await fixture.job(`head -c ${logBytes} /dev/zero | tr '\\0' x\n`);
      return (await fixture.ended(id)).id;
    })());
  /** Several times as long as an answer may wait. */
  const longEnough = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5_000));

  /** What another large answer to the same member is refused with. */
  async function refusal(): Promise<RemoteProblem | null> {
    const own = service.clientOf(service.owner);
    try {
      assert.equal((await own.call("getStatus")).role, "admin", "small answers always have room");
      return await own.call("getOpenApi").then(
        () => null,
        (error: unknown) => (error instanceof RemoteProblem ? error : assert.fail(String(error))),
      );
    } finally {
      own.close();
    }
  }

  it("is cut off over HTTP/2, and its connection serves on", async () => {
    const client = await deaf();
    ask(client, 1);
    const reset = () => client.received.find(({ type }) => type === frameTypes.resetStream);
    await until(() => reset() !== undefined, "the stream is reset");
    assert.deepEqual([reset()?.stream, reset()?.payload.readUInt32BE(0)], [1, errorCodes.cancel]);
    client.send({ type: frameTypes.ping, payload: Buffer.alloc(8) });
    await until(() => client.received.some(({ type }) => type === frameTypes.ping), "it answers a ping");
  });

  it("ends its connection over HTTP/1.1", async () => {
    const socket = await openTls(service.port, tlsOptions(service.owner.caPem, service.owner));
    clients.push(socket);
    socket.on("error", () => undefined);
    socket.pause();
    socket.write(`GET /v1/jobs/${await aLargeLog()}/log HTTP/1.1\r\nhost: fleet\r\n\r\n`);
    await longEnough();
    // What lies in the buffers of the network comes all the same, then the end.
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => (bytes += chunk.length)).resume();
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    assert.ok(bytes < logBytes, `${bytes} B came`);
  });

  it("keeps its member from large ones, and nobody else, until it is given up", async () => {
    const other = service.clientOf(await service.member("viewer"));
    const client = await deaf();
    for (let at = 0; at < 16; at += 1) ask(client, 2 * at + 1);
    let problem: RemoteProblem | null = null;
    await until(async () => (problem = await refusal()) !== null, "it is refused");
    assert.equal(problem!.problem.code, "answers-unread");
    assert.ok(await other.call("getOpenApi"));
    client.destroy();
    await until(async () => (await refusal()) === null, "it is served again");
  });

  it("ends a connection of HTTP/2 that takes not even the word that an answer was given up", async () => {
    const client = await taking(2 ** 31 - 1);
    const increment = Buffer.alloc(4);
    increment.writeUInt32BE(2 ** 31 - 1 - 65_535);
    client.send({ type: frameTypes.windowUpdate, payload: increment });
    client.stopReading();
    ask(client, 1, `/v1/jobs/${await aLargeLog()}/log`);
    await longEnough();
    client.readOn();
    await client.closed;
    const data = client.received.filter(({ type }) => type === frameTypes.data);
    const bytes = data.reduce((sum, { payload }) => sum + payload.length, 0);
    assert.ok(bytes < logBytes, `${bytes} B came`);
  });

  it("is none where it is read slowly, however much of it always waits", async () => {
    const id = await aLargeLog();
    const socket = await openTls(service.port, tlsOptions(service.owner.caPem, service.owner));
    clients.push(socket);
    socket.on("error", () => undefined);
    let bytes = 0;
    let pausedAt = 0;
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes - pausedAt < 1_500_000) return;
      pausedAt = bytes;
      socket.pause();
      setTimeout(() => socket.resume(), 300);
    });
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write(`GET /v1/jobs/${id}/log HTTP/1.1\r\nhost: fleet\r\nconnection: close\r\n\r\n`);
    await closed;
    assert.ok(bytes >= logBytes, `${bytes} B came`);
  });
});
