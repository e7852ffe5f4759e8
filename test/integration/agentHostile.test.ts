import assert from "node:assert/strict";
import { once } from "node:events";
import WebSocket from "ws";
import {
  agentFrameHead,
  agentPath,
  toAgentMessageSchema,
  type ToAgentMessage,
} from "../../protocol/agentLink.ts";
import type { Identity } from "../../protocol/client/identity.ts";
import { pinnedTls } from "../../protocol/client/pinnedTls.ts";
import type { HostRecord } from "../../protocol/host.ts";
import { createPackedReadings } from "../../protocol/shells/packedReadings.ts";
import { aReading } from "../support/fleetRecords.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { until } from "../support/until.ts";

/** An agent that a test plays by hand. */
interface PlayedAgent {
  heard: ToAgentMessage[];
  say(message: object): void;
  read(reading: object, seq?: number): void;
  frame(bytes: Uint8Array): void;
  closed(): Promise<number>;
  end(): void;
}

describe("an agent that is not what it should be", function () {
  this.timeout(60_000);
  let service: TestService;
  let agent: Identity;
  const open: PlayedAgent[] = [];

  before(async () => {
    service = await startTestService();
    for (const name of ["mine", "other"])
      await service.client.call("addHost", { body: { name, agent: true } });
    agent = await service.agent("mine");
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.end();
  });
  after(() => service.end());

  const record = (host: string): Promise<HostRecord> => service.client.call("getHost", { params: { host } });

  async function play(identity = agent, greets = true): Promise<PlayedAgent> {
    const socket = new WebSocket(`wss://127.0.0.1:${service.port}${agentPath}`, {
      ...pinnedTls(identity),
      key: identity.keyPem,
      cert: identity.certificatePem,
    });
    socket.on("error", () => undefined);
    const closed = once(socket, "close") as Promise<[number]>;
    const heard: ToAgentMessage[] = [];
    socket.on("message", (data: Buffer, isBinary) => {
      if (!isBinary) heard.push(toAgentMessageSchema.parse(JSON.parse(data.toString("utf8"))));
    });
    const packing = createPackedReadings();
    const played: PlayedAgent = {
      heard,
      say: (message) => socket.send(JSON.stringify(message)),
      read(reading, seq = 1) {
        const text = JSON.stringify({ sentAtMs: Date.now(), live: true, reading });
        socket.send(Buffer.concat([agentFrameHead({ kind: "reading", seq }), packing.pack(text)]));
      },
      frame: (bytes) => socket.send(bytes),
      closed: async () => (await closed)[0],
      end: () => socket.terminate(),
    };
    open.push(played);
    await Promise.race([once(socket, "open"), closed]);
    if (greets) {
      played.say({ type: "hello", protocol: 1, version: "0.1.0", platform: "linux", arch: "x64" });
      await until(() => heard.some(({ type }) => type === "hello"), "the greeting");
    }
    return played;
  }

  it("speaks for its own host only, whatever its readings say", async () => {
    const played = await play();
    const { id } = await record("other");
    played.read({ ...aReading({ hostId: id }), atMs: Date.now() });
    await until(async () => (await record("mine")).reading !== null, "the reading of its own host");
    assert.equal((await record("other")).reading, null);
  });

  it("is nobody without a certificate of an agent", async () => {
    const socket = new WebSocket(`wss://127.0.0.1:${service.port}${agentPath}`, {
      ...pinnedTls(service.owner),
      key: service.owner.keyPem,
      cert: service.owner.certificatePem,
    });
    socket.on("error", () => undefined);
    const [, answer] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
    assert.equal(answer.statusCode, 403);
    socket.terminate();
  });

  for (const [what, wrong] of [
    [
      "bytes that cannot be unpacked",
      (one: PlayedAgent) => one.frame(Buffer.from([4, 0, 0, 0, 1, 255, 255, 255])),
    ],
    ["a frame that is none", (one: PlayedAgent) => one.frame(Buffer.from([9, 9]))],
    ["text that is no message", (one: PlayedAgent) => one.say({ type: "rule-the-fleet" })],
    [
      "bytes for a shell's stdin",
      (one: PlayedAgent) => one.frame(agentFrameHead({ kind: "bytes", stream: "stdin", shell: 1 })),
    ],
  ] as const)
    it(`is told so, and ended, for ${what}`, async () => {
      const played = await play();
      wrong(played);
      assert.equal(await played.closed(), 1008);
      assert.ok(played.heard.some(({ type }) => type === "problem"));
      assert.equal((await record("mine")).agent, null);
    });

  it("has a reading that is none passed over, since it would be no better when it is sent again", async () => {
    const played = await play();
    const since = (await record("mine")).reading?.atMs ?? 0;
    played.read({ gpus: "many" }, 1);
    await until(() => played.heard.some((one) => one.type === "taken" && one.seq === 1), "it is taken");
    played.read({ ...aReading(), atMs: Date.now() }, 2);
    await until(async () => ((await record("mine")).reading?.atMs ?? 0) > since, "the next one counts");
  });

  it("is heard slowly where it sends more than a host can have to say, and others are not kept waiting", async () => {
    const played = await play();
    const wide = { ...aReading(), atMs: Date.now(), os: "x".repeat(900_000) };
    for (let seq = 1; seq <= 60; seq += 1) played.read(wide, seq);
    await service.client.call("getStatus");
    const taken = () => played.heard.filter(({ type }) => type === "taken").length;
    await until(() => taken() >= 9, "some are taken");
    assert.ok(taken() < 40, `${taken()} of 60 were taken at once`);
  });

  it("is ended before its greeting where it speaks of something else, or of another version", async () => {
    const early = await play(agent, false);
    early.say({ type: "ping", nonce: 1 });
    assert.equal(await early.closed(), 1008);
    const older = await play(agent, false);
    older.say({ type: "hello", protocol: 99, version: "9", platform: "linux", arch: "x64" });
    assert.equal(await older.closed(), 4003);
    const [problem] = older.heard;
    assert.ok(problem?.type === "problem" && problem.problem.code === "protocol-mismatch");
  });

  it("does not grow what the service holds by a packed bomb", async () => {
    const played = await play();
    const bomb = createPackedReadings().pack("9".repeat(30_000_000));
    played.frame(Buffer.concat([agentFrameHead({ kind: "reading", seq: 1 }), bomb]));
    assert.equal(await played.closed(), bomb.length > 65_536 ? 1009 : 1008);
  });

  it("leaves a job waiting for nothing where it opens no shell, and says which host it is", async () => {
    const played = await play();
    const login = service.client.call("loginHost", { params: { host: "mine" } });
    await until(() => played.heard.some(({ type }) => type === "open"), "a shell is asked for");
    const [asked] = played.heard.filter((message) => message.type === "open");
    played.say({ type: "refused", shell: asked!.shell, reason: "no\u001b[2J shell here" });
    await assert.rejects(login, /mine.*no shell here/s);
  });

  it("has what a shell said before the connection was lost told as cut off, not as whole", async () => {
    const played = await play();
    const login = service.client.call("loginHost", { params: { host: "mine" } });
    await until(() => played.heard.some(({ type }) => type === "open"), "a shell is asked for");
    const [asked] = played.heard.filter((message) => message.type === "open");
    played.say({ type: "opened", shell: asked!.shell });
    played.frame(
      Buffer.concat([
        agentFrameHead({ kind: "bytes", stream: "stdout", shell: asked!.shell }),
        Buffer.from("half a li"),
      ]),
    );
    played.say({ type: "exit", shell: asked!.shell, code: 0, signal: null });
    played.end();
    await assert.rejects(login);
  });

  it("puts out the one before it: a stolen key does not listen beside the rightful one", async () => {
    const first = await play();
    const second = await play();
    assert.equal(await first.closed(), 4000);
    second.read({ ...aReading(), atMs: Date.now() });
    await until(() => second.heard.some(({ type }) => type === "taken"), "its reading is taken");
  });

  it("is ended at once when its membership is revoked", async () => {
    const played = await play();
    await service.client.call("revokeMember", { params: { member: agent.member } });
    assert.equal(await played.closed(), 4001);
  });
});
