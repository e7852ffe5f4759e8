import assert from "node:assert/strict";
import type { TopicListener } from "../../protocol/client/streamClient.ts";
import type { LedgerEvent } from "../../protocol/ledger/events.ts";
import type { MemberRecord, TokenRecord } from "../../protocol/member.ts";
import { problemOfError, Refusal } from "../../protocol/problem.ts";
import type { Contact } from "../../extension/core/contact.ts";
import { unknownFleet } from "../../extension/core/fleetState.ts";
import {
  createMembersFeed,
  type KnownMembers,
  type MembersSession,
} from "../../extension/core/panels/createMembersFeed.ts";
import type { CaBundle, CaRecord, CaState } from "../../protocol/ca.ts";
import { membersModel, type MembersFacts } from "../../extension/core/panels/membersModel.ts";
import { membersModelSchema } from "../../extension/core/panels/membersSchema.ts";
import { identity } from "../support/handPlayedFleet.ts";

const day = 86_400_000;
const nowMs = 1_000 * day;

function aMember(name: string, over: Partial<MemberRecord> = {}): MemberRecord {
  return {
    name,
    role: "viewer",
    host: null,
    joinedAtMs: nowMs - day,
    revokedAtMs: null,
    notAfterMs: nowMs + 60 * day,
    caGeneration: 1,
    trusts: ["f1"],
    askedBackAtMs: null,
    seenAtMs: nowMs - 5 * 60_000,
    ...over,
  };
}

function aToken(id: string, over: Partial<TokenRecord> = {}): TokenRecord {
  return {
    id: `t-${id.padStart(16, "0")}`,
    role: "operator",
    host: null,
    member: null,
    createdAtMs: nowMs - 60_000,
    createdBy: "user/ada",
    expiresAtMs: nowMs + 14 * 60_000,
    state: "open",
    ...over,
  };
}

function anAuthority(generation: number, state: CaState): CaRecord {
  return {
    fingerprint: `f${generation}`,
    generation,
    state,
    madeAtMs: nowMs - 10 * day,
    stateAtMs: nowMs - 10 * day,
    notAfterMs: nowMs + 790 * day,
    validCertificates: generation,
    certificatePem: "",
    crossPem: null,
  };
}

function aBundle(over: Partial<CaBundle> = {}): CaBundle {
  return {
    fleetId: "fleet-1",
    phase: "steady",
    nextRotationAtMs: nowMs + 80 * day,
    cas: [anAuthority(1, "issuing")],
    ...over,
  };
}

const agent = aMember("h-0000000000000001", { role: "agent", host: "rtx-box" });

function known(over: Partial<KnownMembers> = {}): KnownMembers {
  const members = [aMember("ada", { role: "admin" }), aMember("bo")];
  return {
    fleetId: "fleet-1",
    ownRole: "admin",
    members,
    tokens: [],
    ca: aBundle(),
    readAtMs: nowMs,
    ...over,
  };
}

const lost = {
  kind: "lost",
  sinceMs: nowMs - 60_000,
  problem: problemOfError(
    new Refusal("service-unreachable", { url: "https://127.0.0.1:1", reason: "refused" }),
  ),
} as const;

function modelOf(facts: Partial<MembersFacts> = {}, contact: Contact = { kind: "live" }) {
  const session = { fleet: { ...unknownFleet, isKnown: true }, contact, identity: identity("cert") };
  const all = { known: known(), problem: null, busy: new Set<string>(), answered: 0, ...facts };
  // What a page gets has gone through JSON and its schema.
  return membersModelSchema.parse(JSON.parse(JSON.stringify(membersModel(session, all, nowMs))));
}

describe("the panel of the members", () => {
  it("has people by role and name, then agents under their host's name, ended memberships last", () => {
    const members = [
      agent,
      aMember("zoe", { revokedAtMs: nowMs - day }),
      aMember("cy", { role: "operator" }),
      aMember("bo"),
      aMember("al"),
      aMember("ada", { role: "admin" }),
    ];
    const { rows } = modelOf({ known: known({ members }) });
    assert.deepEqual(
      rows?.map(({ label, note, isYou, isEnded }) => [label, note, isYou, isEnded]),
      [
        ["ada", "", true, false],
        ["cy", "", false, false],
        ["al", "", false, false],
        ["bo", "", false, false],
        ["rtx-box", "h-0000000000000001", false, false],
        ["zoe", "", false, true],
      ],
    );
  });

  it("says when somebody was seen as of the reading, no finer than the service knows", () => {
    const seenAt = (seenAtMs: number | null) => {
      const members = [aMember("bo", { seenAtMs })];
      return modelOf({ known: known({ members, readAtMs: nowMs - day }) }).rows?.[0]?.seen.text;
    };
    assert.equal(seenAt(nowMs - day - 9 * 60_000), "in the last 10 min");
    assert.equal(seenAt(nowMs - day - 20 * 60_000), "20 min ago");
    assert.equal(seenAt(null), "not since joining");
  });

  it("warns of certificates that run out soon, and says since when one has", () => {
    const endOf = (over: Partial<MemberRecord>) => {
      const membership = modelOf({ known: known({ members: [aMember("bo", over)] }) }).rows?.[0]?.membership;
      return [membership?.text, membership?.tone];
    };
    assert.deepEqual(endOf({}), ["runs out in 60 d", "plain"]);
    assert.deepEqual(endOf({ notAfterMs: nowMs + 13 * day }), ["runs out in 13 d", "warning"]);
    assert.deepEqual(endOf({ notAfterMs: nowMs - 3 * day }), ["ran out 3 d ago", "warning"]);
    assert.deepEqual(endOf({ revokedAtMs: nowMs - 5 * day }), ["ended 5 d ago", "ended"]);
  });

  it("lets an admin change roles of people, end memberships, and bring back whose certificate has run out", () => {
    const members = [
      aMember("ada", { role: "admin" }),
      aMember("bo"),
      aMember("cy", { notAfterMs: nowMs - day }),
      agent,
      aMember("zoe", { revokedAtMs: nowMs - day, notAfterMs: nowMs - day }),
    ];
    const { rows, note, isAdmin } = modelOf({ known: known({ members }), busy: new Set(["bo"]) });
    const may = rows?.map((row) => [row.label, row.canChangeRole, row.canRevoke, row.canReturn, row.isBusy]);
    assert.deepEqual(may, [
      ["ada", true, true, false, false],
      ["bo", true, true, false, true],
      ["cy", true, true, true, false],
      ["rtx-box", false, true, false, false],
      ["zoe", false, false, false, false],
    ]);
    assert.deepEqual([note, isAdmin], ["", true]);
  });

  it("offers nothing to who is no admin, whatever role the kept identity has, and says why", () => {
    const { rows, links, note, isAdmin } = modelOf({ known: known({ ownRole: "operator", tokens: null }) });
    assert.equal(isAdmin, false);
    assert.equal(links, null);
    assert.match(note, /^You are operator in this fleet\. Only admins/);
    assert.deepEqual(
      rows?.map((row) => row.canChangeRole || row.canRevoke || row.canReturn),
      [false, false],
    );
  });

  it("has the links that can still be used, newest first: whom each lets in, who made it, until when", () => {
    const tokens = [
      aToken("1", { createdAtMs: nowMs - 5 * 60_000, createdBy: "service" }),
      aToken("2", { role: "agent", host: "rtx-box" }),
      aToken("3", { role: "viewer", member: "bo", createdAtMs: nowMs - 120_000 }),
      aToken("4", { state: "used" }),
      aToken("5", { state: "revoked" }),
      aToken("6", { expiresAtMs: nowMs }),
    ];
    const { links } = modelOf({ known: known({ tokens }) });
    assert.deepEqual(
      links?.map(({ whom, made, runsOut }) => [whom, made.text, runsOut.text]),
      [
        ["the agent of rtx-box", "1 min ago by ada", "in 14 min"],
        ["bo, to come back", "2 min ago by ada", "in 14 min"],
        ["one operator", "5 min ago by the service", "in 14 min"],
      ],
    );
  });

  it("says that it reads, why it could not, and without contact from when what it shows is", () => {
    assert.equal(modelOf({ known: null }).banner?.text, "Reading who belongs to the fleet…");
    const problem = problemOfError(new Refusal("answer-invalid", { reason: "Half an answer." }));
    assert.equal(modelOf({ known: null, problem }).banner?.tone, "warning");
    const away = modelOf({ known: known({ tokens: [aToken("1")], readAtMs: nowMs - 180_000 }) }, lost);
    assert.match(away.banner?.text ?? "", /^Not connected.* What is shown was so 3 min ago\.$/);
    assert.equal(away.isStale, true);
    assert.ok(away.rows?.every((row) => !row.canChangeRole && !row.canRevoke));
    assert.ok(away.links?.every((link) => !link.canWithdraw));
  });

  it("shows nothing of another fleet than that of the session", () => {
    assert.equal(modelOf({ known: known({ fleetId: "fleet-2" }) }).rows, null);
  });
});

/** A service that answers when it is told to. */
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
