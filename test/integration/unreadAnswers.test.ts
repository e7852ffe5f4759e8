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
import { startTestService, type TestService } from "../support/startTestService.ts";
import { openTls, tlsOptions } from "../support/tlsRequest.ts";
import { until } from "../support/until.ts";

/** The largest answer there is without a fleet of hosts. */
const path = "/v1/openapi.json";

describe("an answer that nobody reads", function () {
  this.timeout(60_000);
  let service: TestService;
  let answerBytes: number;
  const clients: { destroy(): void }[] = [];

  before(async () => {
    service = await startTestService({ limits: { unreadMs: 1_000, unreadBytes: 500_000, idleMs: 30_000 } });
    answerBytes = JSON.stringify(await service.client.call("getOpenApi")).length;
    assert.ok(answerBytes > 64_000, `${answerBytes} B are too few to show anything`);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });
  after(() => service.end());

  /** A client of HTTP/2 that says it takes not a byte of any answer. */
  async function deaf(): Promise<RawHttp2> {
    const client = await openRawHttp2(service.port, tlsOptions(service.owner.caPem, service.owner));
    clients.push(client);
    client.send({ type: frameTypes.settings, payload: Buffer.from([0, 4, 0, 0, 0, 0]) });
    return client;
  }
  const ask = (client: RawHttp2, stream: number): void =>
    client.send({
      type: frameTypes.headers,
      flags: frameFlags.endStream | frameFlags.endHeaders,
      stream,
      payload: headerBlock(path),
    });

  /** What another request of the same member is refused with. */
  async function refusal(): Promise<RemoteProblem | null> {
    const own = service.clientOf(service.owner);
    try {
      return await own.call("getStatus").then(
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
    const asked = 160; // more than the buffers of the network take
    const socket = await openTls(service.port, tlsOptions(service.owner.caPem, service.owner));
    clients.push(socket);
    socket.on("error", () => undefined);
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nhost: fleet\r\n\r\n`.repeat(asked));
    await until(async () => (await refusal()) !== null, "its answers wait");
    await until(async () => (await refusal()) === null, "they wait no more");
    // What lies in the buffers of the network comes all the same, then the end.
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => (bytes += chunk.length)).resume();
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    assert.ok(bytes < asked * answerBytes * 0.9, `${bytes} B came`);
  });

  it("keeps its member from asking for more, and nobody else, until it is given up", async () => {
    const other = service.clientOf(await service.member("viewer"));
    const client = await deaf();
    for (let at = 0; at < 16; at += 1) ask(client, 2 * at + 1);
    let problem: RemoteProblem | null = null;
    await until(async () => (problem = await refusal()) !== null, "it is refused");
    assert.equal(problem!.problem.code, "answers-unread");
    assert.equal((await other.call("getStatus")).role, "viewer");
    client.destroy();
    await until(async () => (await refusal()) === null, "it is served again");
  });
});
