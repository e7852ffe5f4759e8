import assert from "node:assert/strict";
import type { TopicData } from "../../protocol/stream.ts";
import { until } from "../support/until.ts";
import { startStreamFixture, type RawStream, type StreamFixture } from "./streamFixture.ts";

describe("the stream", function () {
  this.timeout(60_000);
  let fixture: StreamFixture;

  before(async () => {
    fixture = await startStreamFixture();
  });
  afterEach(() => fixture.closeStreams());
  after(() => fixture.end());

  const codes = (raw: RawStream): string[] =>
    raw.heard.flatMap((message) => (message.type === "problem" ? [message.problem.code] : []));

  it("greets by version, fleet, member and role", async () => {
    const raw = await fixture.greeted();
    const [hello] = raw.heard;
    assert.ok(hello?.type === "hello");
    assert.deepEqual(
      [hello.fleetId, hello.role, hello.protocol],
      [fixture.service.owner.fleetId, "admin", 1],
    );
  });

  it("is closed to a peer of another protocol version, by name of both", async () => {
    const raw = await fixture.open();
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
      const raw = await fixture.open();
      raw.socket.send(first);
      await until(() => raw.closed() !== null, "the stream is closed");
      assert.equal(raw.closed(), code);
      assert.equal(codes(raw).length, 1);
    });

  it("is closed after a message past its limit", async () => {
    const raw = await fixture.greeted();
    raw.say({ type: "ping", nonce: 1, more: "x".repeat(100_000) });
    await until(() => raw.closed() !== null, "the stream is closed");
  });

  it("refuses unknown topics, jobs, hosts and doubled ids, and goes on", async () => {
    const raw = await fixture.greeted();
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
    const raw = await fixture.greeted(await fixture.service.member("viewer"));
    raw.say({ type: "subscribe", id: 1, topic: "prompts" });
    raw.say({ type: "subscribe", id: 2, topic: "fleet" });
    await until(() => raw.heard.some((message) => message.type === "snapshot"), "the fleet is shown");
    assert.deepEqual(codes(raw), ["role-insufficient"]);
  });

  it("shows a whole snapshot, then what changed", async () => {
    const stream = fixture.connected();
    const seen: [TopicData, boolean][] = [];
    stream.subscribe("ledger", { onData: (data, whole) => void seen.push([data, whole]) });
    await until(() => seen.length === 1, "the snapshot comes");
    assert.ok(seen[0]?.[0].kind === "ledger" && seen[0][1]);
    const last = seen[0][0].events.at(-1)!.seq;
    await fixture.service.link("viewer");
    await until(() => seen.length === 2, "the update comes");
    const [update, whole] = seen[1]!;
    assert.equal(whole, false);
    assert.deepEqual(update.kind === "ledger" && update.events.map((event) => [event.seq, event.type]), [
      [last + 1, "token.created"],
    ]);
  });

  it("tells of who joined", async () => {
    const stream = fixture.connected();
    const types: string[] = [];
    stream.subscribe("ledger", {
      onData(data) {
        if (data.kind === "ledger") types.push(...data.events.map((event) => event.type));
      },
    });
    await until(() => types.length > 0, "the snapshot comes");
    types.length = 0;
    await fixture.service.member("viewer");
    await until(() => types.includes("member.joined"), "the update comes");
  });

  it("holds back for a client that asks for ever more and reads nothing", async () => {
    const raw = await fixture.greeted();
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

  it("is final for a client that the service does not accept", async () => {
    const stranger = { ...fixture.service.owner, keyPem: "", certificatePem: "" };
    const stream = fixture.connected(stranger);
    await until(() => stream.state.kind === "refused", "it is refused");
    assert.match(stream.state.kind === "refused" ? stream.state.error.message : "", /no certificate/);
  });
});
