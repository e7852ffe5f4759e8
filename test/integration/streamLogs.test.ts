import assert from "node:assert/strict";
import type { StreamState } from "../../protocol/client/streamClient.ts";
import type { Problem } from "../../protocol/problem.ts";
import { logWindowBytes } from "../../protocol/stream.ts";
import { until } from "../support/until.ts";
import { startStreamFixture, type StreamFixture } from "./streamFixture.ts";

describe("the stream", function () {
  this.timeout(60_000);
  let fixture: StreamFixture;

  before(async () => {
    fixture = await startStreamFixture();
  });
  afterEach(() => fixture.closeStreams());
  after(() => fixture.end());

  it("says how a job ended before it says that its log has", async () => {
    const stream = fixture.connected();
    const { id } = await fixture.job("sleep 0.3; echo end; exit 3");
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
    const { id } = await fixture.job("echo end");
    await fixture.ended(id);
    const stream = fixture.connected();
    const problems: Problem[] = [];
    stream.subscribe(`job:${id}`, { onProblem: (problem) => void problems.push(problem) }, { logFrom: 5 });
    await until(() => problems.length > 0, "it is refused");
    assert.equal(problems[0]?.code, "offset-beyond-log");
  });

  it("goes on with a log without gap or repetition after the service was away", async () => {
    const states: StreamState["kind"][] = [];
    const stream = fixture.connected(fixture.service.owner, (state) => void states.push(state.kind));
    const { id } = await fixture.job(
      "i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); sleep 0.01; done",
    );
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
    await fixture.service.stop();
    await until(() => states.includes("waiting"), "the stream is lost");
    await fixture.service.restart();
    await until(() => end >= 0, "the log ends", 30_000);
    assert.equal(log, Array.from({ length: 400 }, (_, n) => `line ${n}\n`).join(""));
    assert.equal(end, log.length);
    assert.equal((await fixture.ended(id)).exitCode, 0);
  });

  it("waits for a client that does not read its log, and for no other", async () => {
    const { id } = await fixture.job("head -c 8000000 /dev/zero");
    await fixture.ended(id);
    const slow = await fixture.greeted();
    slow.say({ type: "subscribe", id: 1, topic: `job:${id}`, logFrom: 0 });
    let fast = 0;
    let end = false;
    const other = fixture.connected();
    other.subscribe(
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

  it("ends a subscription whose listener fails, and nothing else", async () => {
    const { id } = await fixture.job("echo one");
    await fixture.ended(id);
    const stream = fixture.connected();
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
});
