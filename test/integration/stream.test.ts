import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { Identity } from "../../protocol/client/identity.ts";
import { pinnedTls } from "../../protocol/client/pinnedTls.ts";
import { openStream, type StreamClient, type StreamState } from "../../protocol/client/streamClient.ts";
import type { JobId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import type { Problem } from "../../protocol/problem.ts";
import {
  decodeLogFrame,
  logFrameHead,
  logWindowBytes,
  serviceMessageSchema,
  streamPath,
} from "../../protocol/stream.ts";
import type { ServiceMessage, TopicData } from "../../protocol/stream.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { until } from "../support/until.ts";

/** A WebSocket that says and hears exactly what the test wants. */
interface RawStream {
  socket: WebSocket;
  heard: ServiceMessage[];
  logBytes: () => number;
  closed: () => number | null;
  say(message: unknown): void;
}

describe("a log frame", () => {
  it("comes back as it was, also far into a log", () => {
    for (const offset of [0, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
      const frame = { id: 0xffff_ffff, offset };
      const text = Buffer.from("é\0");
      for (const fragments of [
        [Buffer.concat([logFrameHead(frame), text])],
        [logFrameHead(frame), text.subarray(0, 1), text.subarray(1)],
      ]) {
        const { pieces, ...back } = decodeLogFrame(fragments)!;
        assert.deepEqual(back, frame);
        assert.deepEqual(Buffer.concat(pieces), text);
      }
    }
  });

  it("is none when it is too short or of another kind", () => {
    assert.equal(decodeLogFrame([]), null);
    assert.equal(decodeLogFrame([Buffer.alloc(12, 1)]), null);
    assert.equal(decodeLogFrame([Buffer.from([2, ...Buffer.alloc(20)])]), null);
  });
});

describe("the stream", function () {
  this.timeout(60_000);
  let service: TestService;
  let folder: string;
  let host: string;
  const raws: WebSocket[] = [];
  const streams: StreamClient[] = [];

  before(async () => {
    service = await startTestService();
    folder = mkdtempSync(join(tmpdir(), "hwledger-stream-"));
    host = (await service.client.call("listHosts")).hosts[0]!.name;
  });
  afterEach(async () => {
    for (const raw of raws.splice(0)) raw.terminate();
    for (const stream of streams.splice(0)) stream.close();
    assert.equal((await service.client.call("getStatus")).fleetId, service.owner.fleetId);
  });
  after(async () => {
    await service.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(identity: Identity = service.owner): Promise<RawStream> {
    const socket = new WebSocket(`wss://127.0.0.1:${service.port}${streamPath}`, {
      ...pinnedTls(identity),
      key: identity.keyPem,
      cert: identity.certificatePem,
    });
    raws.push(socket);
    const heard: ServiceMessage[] = [];
    let logBytes = 0;
    let closed: number | null = null;
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) logBytes += Buffer.concat(decodeLogFrame([data])?.pieces ?? []).length;
      else heard.push(serviceMessageSchema.parse(JSON.parse(data.toString())));
    });
    socket.on("error", () => undefined);
    socket.on("close", (code) => (closed = code));
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return {
      socket,
      heard,
      logBytes: () => logBytes,
      closed: () => closed,
      say: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    };
  }

  async function greeted(identity: Identity = service.owner): Promise<RawStream> {
    const raw = await open(identity);
    raw.say({ type: "hello", protocol: 1, client: "test" });
    await until(() => raw.heard.length > 0, "hello is answered");
    return raw;
  }

  function connected(identity: Identity = service.owner): StreamClient {
    const stream = openStream({ identity, client: "test" });
    streams.push(stream);
    return stream;
  }

  async function job(script: string): Promise<JobRecord> {
    const file = join(folder, "main.sh");
    writeFileSync(file, script);
    return dispatchFile(service.client, { file, host, workspace: "script" });
  }

  async function ended(id: JobId): Promise<JobRecord> {
    const read = (): Promise<JobRecord> => service.client.call("getJob", { params: { job: id } });
    await until(async () => isJobEnded((await read()).state), "the job has ended", 30_000);
    return read();
  }

  const codes = (raw: RawStream): string[] =>
    raw.heard.flatMap((message) => (message.type === "problem" ? [message.problem.code] : []));

  it("greets by version, fleet, member and role", async () => {
    const raw = await greeted();
    const [hello] = raw.heard;
    assert.ok(hello?.type === "hello");
    assert.deepEqual([hello.fleetId, hello.role, hello.protocol], [service.owner.fleetId, "admin", 1]);
  });

  it("is closed to a peer of another protocol version, by name of both", async () => {
    const raw = await open();
    raw.say({ type: "hello", protocol: 99, client: "test" });
    await until(() => raw.closed() !== null, "the stream is closed");
    assert.deepEqual([raw.closed(), codes(raw)], [4003, ["protocol-mismatch"]]);
    const [problem] = raw.heard;
    assert.match(problem?.type === "problem" ? problem.problem.detail : "", /1.*99/);
  });

  const wrongFirsts: [string, string | Buffer, number][] = [
    ["something before hello", JSON.stringify({ type: "ping", nonce: 1 }), 1008],
    ["a subscription before hello", JSON.stringify({ type: "subscribe", id: 1, topic: "fleet" }), 1008],
    ["text that is no JSON", "{", 1008],
    ["JSON that is no message", "[]", 1008],
    ["binary garbage", Buffer.from([0xff, 0, 1, 2]), 1008],
  ];
  for (const [what, first, code] of wrongFirsts)
    it(`is closed after ${what}`, async () => {
      const raw = await open();
      raw.socket.send(first);
      await until(() => raw.closed() !== null, "the stream is closed");
      assert.equal(raw.closed(), code);
      assert.equal(codes(raw).length, 1);
    });

  it("is closed after a message past its limit", async () => {
    const raw = await greeted();
    raw.say({ type: "ping", nonce: 1, more: "x".repeat(100_000) });
    await until(() => raw.closed() !== null, "the stream is closed");
  });

  it("refuses unknown topics, jobs, hosts and doubled ids, and goes on", async () => {
    const raw = await greeted();
    raw.say({ type: "subscribe", id: 1, topic: "job:j-0000000000000000" });
    raw.say({ type: "subscribe", id: 2, topic: "metrics:h-0000000000000000" });
    raw.say({ type: "subscribe", id: 3, topic: "fleet" });
    raw.say({ type: "subscribe", id: 3, topic: "ledger" });
    raw.say({ type: "ping", nonce: 7 });
    await until(() => raw.heard.some((message) => message.type === "pong"), "the ping is answered");
    assert.deepEqual(codes(raw), ["job-not-found", "host-not-found", "bad-request"]);
    raw.say({ type: "subscribe", id: 4, topic: "no-such-topic" });
    await until(() => codes(raw).length === 4, "the unknown topic is refused");
    assert.equal(codes(raw)[3], "bad-request");
  });

  it("keeps questions and answers from viewers", async () => {
    const raw = await greeted(await service.member("viewer"));
    raw.say({ type: "subscribe", id: 1, topic: "prompts" });
    raw.say({ type: "subscribe", id: 2, topic: "fleet" });
    await until(() => raw.heard.some((message) => message.type === "snapshot"), "the fleet is shown");
    assert.deepEqual(codes(raw), ["role-insufficient"]);
  });

  it("shows a whole snapshot, then what changed", async () => {
    const stream = connected();
    const seen: [TopicData, boolean][] = [];
    stream.subscribe("ledger", { onData: (data, whole) => void seen.push([data, whole]) });
    await until(() => seen.length === 1, "the snapshot comes");
    assert.ok(seen[0]?.[0].kind === "ledger" && seen[0][1]);
    const last = seen[0][0].events.at(-1)!.seq;
    await service.link("viewer");
    await until(() => seen.length === 2, "the update comes");
    const [update, whole] = seen[1]!;
    assert.equal(whole, false);
    assert.deepEqual(update.kind === "ledger" && update.events.map((event) => [event.seq, event.type]), [
      [last + 1, "token.created"],
    ]);
  });

  it("tells of who joined", async () => {
    const stream = connected();
    const types: string[] = [];
    stream.subscribe("ledger", {
      onData(data) {
        if (data.kind === "ledger") types.push(...data.events.map((event) => event.type));
      },
    });
    await until(() => types.length > 0, "the snapshot comes");
    types.length = 0;
    await service.member("viewer");
    await until(() => types.includes("member.joined"), "the update comes");
  });

  it("says how a job ended before it says that its log has", async () => {
    const stream = connected();
    const { id } = await job("sleep 0.3; echo end; exit 3");
    const order: string[] = [];
    let log = "";
    stream.subscribe(
      `job:${id}`,
      {
        onData(data) {
          if (data.kind === "job") order.push(data.job.state);
        },
        onLog: (bytes) => void (log += Buffer.from(bytes).toString()),
        onLogEnd: () => void order.push("log-end"),
      },
      { logFrom: 0 },
    );
    await until(() => order.includes("log-end"), "the log ends", 30_000);
    assert.equal(log, "end\n");
    assert.equal(order.at(-1), "log-end");
    assert.equal(order.at(-2), "failed");
  });

  it("refuses a log from beyond the end of an ended job's", async () => {
    const { id } = await job("echo end");
    await ended(id);
    const stream = connected();
    const problems: Problem[] = [];
    stream.subscribe(`job:${id}`, { onProblem: (problem) => void problems.push(problem) }, { logFrom: 5 });
    await until(() => problems.length > 0, "it is refused");
    assert.equal(problems[0]?.code, "offset-beyond-log");
  });

  it("goes on with a log without gap or repetition after the service was away", async () => {
    const states: StreamState["kind"][] = [];
    const stream = openStream({
      identity: service.owner,
      client: "test",
      onState: (state) => void states.push(state.kind),
    });
    streams.push(stream);
    const { id } = await job("i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); sleep 0.01; done");
    let log = "";
    let end = -1;
    stream.subscribe(
      `job:${id}`,
      {
        onLog: (bytes) => void (log += Buffer.from(bytes).toString()),
        onLogEnd: (bytes) => void (end = bytes),
      },
      { logFrom: 0 },
    );
    await until(() => log.includes("line 50\n"), "the log has begun", 20_000);
    await service.stop();
    await until(() => states.includes("waiting"), "the stream is lost");
    await service.restart();
    await until(() => end >= 0, "the log ends", 30_000);
    assert.equal(log, Array.from({ length: 400 }, (_, n) => `line ${n}\n`).join(""));
    assert.equal(end, log.length);
    assert.equal((await ended(id)).exitCode, 0);
  });

  it("waits for a client that does not read its log, and for no other", async () => {
    const { id } = await job("head -c 8000000 /dev/zero");
    await ended(id);
    const slow = await greeted();
    slow.say({ type: "subscribe", id: 1, topic: `job:${id}`, logFrom: 0 });
    let fast = 0;
    let end = false;
    connected().subscribe(
      `job:${id}`,
      { onLog: (bytes) => void (fast += bytes.length), onLogEnd: () => void (end = true) },
      { logFrom: 0 },
    );
    await until(() => end, "the other has it all", 20_000);
    assert.equal(fast, 8_000_000);
    await until(() => slow.logBytes() === logWindowBytes, "the slow one has one window");
    slow.say({ type: "ping", nonce: 1 });
    await until(() => slow.heard.some((message) => message.type === "pong"), "it is still served");
    assert.equal(slow.logBytes(), logWindowBytes);
    slow.say({ type: "credit", id: 1, bytes: 1_000 });
    await until(() => slow.logBytes() > logWindowBytes, "credit brings more");
    assert.ok(slow.logBytes() <= logWindowBytes + 65_536);
  });

  it("holds back for a client that asks for ever more and reads nothing", async () => {
    const raw = await greeted();
    raw.socket.pause();
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
    // Each pair asks for one more whole snapshot.
    const asks = 5_000;
    for (let n = 0; n < asks; n++) {
      raw.say({ type: "subscribe", id: 1, topic: "ledger" });
      raw.say({ type: "unsubscribe", id: 1 });
    }
    // The service must stop listening: what we say stays with us.
    let steady = 0;
    let last = -1;
    await until(
      () => {
        steady = raw.socket.bufferedAmount === last ? steady + 1 : 0;
        last = raw.socket.bufferedAmount;
        return steady > 50;
      },
      "nothing moves any more",
      40_000,
    );
    const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().external - before;
    assert.ok(grown < 40_000_000, `${grown} bytes are held`);
    raw.socket.resume();
    await until(() => raw.heard.length === asks + 1, "all are answered once it reads", 40_000);
  });

  it("ends a subscription whose listener fails, and nothing else", async () => {
    const { id } = await job("echo one");
    await ended(id);
    const stream = connected();
    const problems: string[] = [];
    stream.subscribe(
      `job:${id}`,
      {
        onLog: () => Promise.reject(new Error("the terminal is gone")),
        onProblem: (problem) => void problems.push(problem.code),
      },
      { logFrom: 0 },
    );
    await until(() => problems.length === 1, "the listener's failure is told");
    assert.equal(stream.state.kind, "connected");
  });

  it("is final for a client that the service does not accept", async () => {
    const stranger = { ...service.owner, keyPem: "", certificatePem: "" };
    const stream = connected(stranger);
    await until(() => stream.state.kind === "refused", "it is refused");
    assert.match(stream.state.kind === "refused" ? stream.state.error.message : "", /no certificate/);
  });
});
