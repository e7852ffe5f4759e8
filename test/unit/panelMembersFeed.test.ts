import assert from "node:assert/strict";
import { type MembersSession, createMembersFeed } from "../../extension/core/panels/createMembersFeed.ts";
import type { TopicListener } from "../../protocol/client/streamClient.ts";
import type { LedgerEvent } from "../../protocol/ledger/events.ts";
import type { MemberRecord } from "../../protocol/member.ts";
import { Refusal } from "../../protocol/problem.ts";
import { identity } from "../support/handPlayedFleet.ts";
import { aBundle, aMember, aToken, nowMs } from "../support/memberRecords.ts";

function aWire(role: MemberRecord["role"] = "admin", fleetId = "fleet-1") {
  let listener: TopicListener = {};
  let isFollowed = false;
  const asked: string[] = [];
  let hold: Promise<void> = Promise.resolve();
  let failure: Error | null = null;
  const session = {
    identity: { ...identity("cert"), fleetId },
    client: {
      async call(name: string) {
        if (name === "getCaBundle") return aBundle(); // with every reading
        asked.push(name);
        await hold;
        if (failure) throw failure;
        return name === "listMembers"
          ? { members: [aMember("ada", { role }), aMember(`member-${asked.length}`)] }
          : { tokens: [aToken("1")] };
      },
    },
    stream: {
      subscribe(_topic: string, next: TopicListener) {
        listener = next;
        isFollowed = true;
        return () => (isFollowed = false);
      },
    },
  } as unknown as MembersSession;
  const event = (type: string): LedgerEvent => ({
    seq: 1,
    atMs: 0,
    schema: 1,
    type,
    actor: "user/ada",
    payload: {},
    prev: "",
    hash: "",
  });
  return {
    session,
    asked,
    isFollowed: () => isFollowed,
    holdUntil(until: Promise<void>) {
      hold = until;
    },
    fail: (error: Error | null) => (failure = error),
    say: (types: string[], isFresh = false) =>
      listener.onData?.({ kind: "ledger", events: types.map(event), head: "" }, isFresh),
  };
}

/** Resolves when the feed has told of its next change. */
function aFeed() {
  let tell: () => void = () => undefined;
  const feed = createMembersFeed(
    () => nowMs,
    () => tell(),
  );
  return { feed, change: () => new Promise<void>((resolve) => (tell = resolve)) };
}

describe("what the panel of the members knows", () => {
  it("is read when it is first followed and when the ledger tells of members or links, at no other time", async () => {
    const wire = aWire();
    const { feed, change } = aFeed();
    feed.follow(wire.session);
    assert.deepEqual(wire.asked, []);
    let changed = change();
    wire.say([], true);
    await changed;
    assert.deepEqual(wire.asked, ["listMembers", "listTokens"]);
    assert.equal(feed.known?.ownRole, "admin");
    wire.say(["job.running", "host.changed"]);
    assert.equal(wire.asked.length, 2);
    for (const type of ["member.joined", "token.created"]) {
      changed = change();
      wire.say([type]);
      await changed;
    }
    assert.equal(wire.asked.length, 6);
    feed.follow(null);
    assert.equal(wire.isFollowed(), false);
    assert.notEqual(feed.known, null);
    await feed.read();
    assert.equal(wire.asked.length, 6);
  });

  it("asks for links only as an admin", async () => {
    const wire = aWire("operator");
    const { feed } = aFeed();
    feed.follow(wire.session);
    await feed.read();
    assert.deepEqual(wire.asked, ["listMembers"]);
    assert.equal(feed.known?.tokens, null);
  });

  it("reads once more for all news that come while it reads", async () => {
    const wire = aWire();
    const { feed, change } = aFeed();
    let go: () => void = () => undefined;
    wire.holdUntil(new Promise((resolve) => (go = resolve)));
    feed.follow(wire.session);
    wire.say([], true);
    for (let n = 0; n < 5; n += 1) wire.say(["member.joined"]);
    const first = change();
    go();
    await first;
    await change();
    assert.equal(wire.asked.length, 4);
  });

  it("keeps what it knew when a reading fails, and forgets it for another fleet", async () => {
    const wire = aWire();
    const { feed } = aFeed();
    feed.follow(wire.session);
    await feed.read();
    wire.fail(new Refusal("answer-invalid", { reason: "Half an answer." }));
    await feed.read();
    assert.equal(feed.problem?.code, "answer-invalid");
    assert.notEqual(feed.known, null);
    wire.fail(null);
    await feed.read();
    assert.equal(feed.problem, null);
    feed.follow(aWire("viewer", "fleet-2").session);
    assert.equal(feed.known, null);
  });

  it("passes over an answer of a session that is no longer followed", async () => {
    const wire = aWire();
    const { feed } = aFeed();
    let go: () => void = () => undefined;
    wire.holdUntil(new Promise((resolve) => (go = resolve)));
    feed.follow(wire.session);
    const reading = feed.read();
    feed.follow(null);
    go();
    await reading;
    assert.equal(feed.known, null);
  });
});
