import assert from "node:assert/strict";
import type { TopicListener } from "../../protocol/client/streamClient.ts";
import { eventPayloads, type LedgerEvent } from "../../protocol/ledger/events.ts";
import { createLedgerFeed } from "../../extension/core/createLedgerFeed.ts";
import { eventDocument, eventTooltip } from "../../extension/core/eventDetails.ts";
import { eventText } from "../../extension/core/eventText.ts";
import { unknownFleet } from "../../extension/core/fleetState.ts";
import { emptyLedger, isBroken, ledgerRows, type LedgerState } from "../../extension/core/ledgerRows.ts";

const names = { host: (id: string) => `host ${id}`, job: (id: string) => `job ${id}` };

function anEvent(seq: number, over: Partial<LedgerEvent> = {}): LedgerEvent {
  const payload = { jobId: "j-0000000000000001", exitCode: 3, cause: { kind: "exited", code: 3 } };
  return {
    seq,
    atMs: seq * 1_000,
    schema: 1,
    type: "job.failed",
    actor: "ada",
    payload: { ...payload, logBytes: 1, logSha256: null, lastedMs: 5 },
    prev: "",
    hash: "",
    ...over,
  };
}

/** A service with that many events, which answers pages as the real one does. */
function aWire(total: number) {
  let listener: TopicListener = {};
  let isFollowed = false;
  let isDown = false;
  const asked: unknown[] = [];
  const all = Array.from({ length: total }, (_, index) => anEvent(index + 1));
  const verdict = Promise.withResolvers<unknown>();
  const session = {
    client: {
      call(name: string, input?: { query?: { before?: number; limit?: number; contains?: string } }) {
        if (name === "verifyLedger") return verdict.promise;
        asked.push(input?.query);
        if (isDown) return Promise.reject(new Error("no contact"));
        const { before = Number.MAX_SAFE_INTEGER, limit = 100, contains = "" } = input?.query ?? {};
        const fits = ({ seq }: LedgerEvent) => !/^\d+$/.test(contains) || String(seq).includes(contains);
        const events = all.filter((event) => event.seq < before && fits(event)).slice(-limit);
        return Promise.resolve({ events, head: "", total });
      },
    },
    stream: {
      subscribe(_topic: string, next: TopicListener) {
        listener = next;
        isFollowed = true;
        return () => (isFollowed = false);
      },
      retryNow: () => undefined,
    },
  } as unknown as Parameters<typeof createLedgerFeed>[0]["session"];
  return {
    session,
    all,
    asked,
    verdict,
    isFollowed: () => isFollowed,
    down: (down: boolean) => (isDown = down),
    say: (events: LedgerEvent[], whole: boolean) =>
      listener.onData?.({ kind: "ledger", events, head: "" }, whole),
  };
}

const seqs = ({ events }: LedgerState) => events.map(({ seq }) => seq);

describe("what the Ledger view knows", () => {
  const aFeed = (total: number, known: LedgerState = emptyLedger) => {
    const wire = aWire(total);
    const { session } = wire;
    const feed = createLedgerFeed({ session, now: () => 9_000, onChange: () => undefined, known });
    return { wire, feed };
  };

  it("follows the ledger only while in sight, newest first", () => {
    const { wire, feed } = aFeed(3);
    assert.equal(wire.isFollowed(), false);
    feed.setVisible(true);
    wire.say(wire.all, true);
    wire.say([anEvent(4)], false);
    assert.deepEqual(seqs(feed.state), [4, 3, 2, 1]);
    assert.deepEqual([feed.state.total, feed.state.hasOlder], [4, false]);
    feed.setVisible(false);
    assert.equal(wire.isFollowed(), false);
  });

  it("shows what an earlier connection knew until it hears more, but no verification that went with it", () => {
    const wire = aWire(3);
    const verdict = { ok: true, events: 2, head: "" };
    const feedWith = (verification: LedgerState["verification"]) =>
      createLedgerFeed({
        session: wire.session,
        now: () => 0,
        onChange: () => undefined,
        known: { ...emptyLedger, events: [anEvent(2), anEvent(1)], total: 2, verification },
      });
    const feed = feedWith({ kind: "done", atMs: 0, verdict });
    assert.deepEqual([seqs(feed.state), feed.state.verification.kind], [[2, 1], "done"]);
    feed.setVisible(true);
    wire.say(wire.all, true);
    assert.deepEqual(seqs(feed.state), [3, 2, 1]);
    assert.notEqual(feedWith({ kind: "running" }).state.verification.kind, "running");
  });

  it("shows older events page by page, to the first", async () => {
    const { wire, feed } = aFeed(250);
    feed.setVisible(true);
    wire.say(wire.all.slice(-100), true);
    assert.equal(feed.state.hasOlder, true);
    const came = [await feed.showOlder(), await feed.showOlder(), await feed.showOlder()];
    assert.deepEqual(came, [true, true, false]);
    assert.deepEqual(
      [seqs(feed.state).length, seqs(feed.state).at(-1), feed.state.hasOlder],
      [250, 1, false],
    );
  });

  it("carries on after a break where the snapshot reaches back, and begins anew where it does not", () => {
    const { wire, feed } = aFeed(0);
    feed.setVisible(true);
    wire.say([anEvent(1), anEvent(2)], true);
    wire.say([anEvent(2), anEvent(3)], true);
    assert.deepEqual(seqs(feed.state), [3, 2, 1]);
    wire.say([anEvent(9), anEvent(10)], true);
    assert.deepEqual([seqs(feed.state), feed.state.hasOlder], [[10, 9], true]);
  });

  it("keeps the newest few thousand while news come, and has the others asked for again", () => {
    const { wire, feed } = aFeed(0);
    feed.setVisible(true);
    wire.say([anEvent(1)], true);
    const news = Array.from({ length: 5_000 }, (_, at) => anEvent(at + 2));
    wire.say(news, false);
    assert.deepEqual(
      [seqs(feed.state).length, seqs(feed.state)[0], seqs(feed.state).at(-1), feed.state.hasOlder],
      [5_000, 5_001, 2, true],
    );
  });

  it("asks the service for what the filter wants, and again when something happens", async () => {
    const { wire, feed } = aFeed(3);
    feed.setVisible(true);
    await feed.setFilter(" job.failed ");
    wire.say([anEvent(4)], false);
    await Promise.resolve();
    assert.deepEqual(wire.asked, [
      { limit: 100, contains: "job.failed" },
      { limit: 100, contains: "job.failed" },
    ]);
  });

  it("leaves no holes when a filter was taken away without contact", async () => {
    const { wire, feed } = aFeed(91);
    feed.setVisible(true);
    await feed.setFilter("7");
    assert.equal(feed.state.events.length, 18);
    wire.down(true);
    await assert.rejects(feed.setFilter(""));
    wire.down(false);
    wire.say(wire.all, true);
    await new Promise(setImmediate);
    assert.deepEqual(
      seqs(feed.state),
      Array.from({ length: 91 }, (_, index) => 91 - index),
    );
  });

  it("has a filter that it began with asked for once it is in sight, not before", async () => {
    const wire = aWire(91);
    const needs = { session: wire.session, now: () => 0, onChange: () => undefined, filter: "7" };
    const feed = createLedgerFeed(needs);
    assert.deepEqual(wire.asked, []);
    feed.setVisible(true);
    wire.say(wire.all, true);
    await new Promise(setImmediate);
    assert.equal(feed.state.events.length, 18);
  });

  it("loads a page of older events once for a double click", async () => {
    const { wire, feed } = aFeed(300);
    feed.setVisible(true);
    wire.say(wire.all.slice(-100), true);
    await Promise.all([feed.showOlder(), feed.showOlder()]);
    assert.equal(feed.state.events.length, 200);
  });

  it("keeps a verdict with its time, and counts what came since", async () => {
    const { wire, feed } = aFeed(0);
    feed.setVisible(true);
    const done = feed.verify();
    assert.equal(feed.state.verification.kind, "running");
    wire.verdict.resolve({ ok: true, events: 2, head: "" });
    await done;
    wire.say([anEvent(1), anEvent(2), anEvent(3)], true);
    const [row] = ledgerRows(feed.state, unknownFleet, { kind: "live" }, 129_000);
    assert.deepEqual([row?.label, row?.description], ["Verified", "2 min ago · 2 events · 1 since"]);
  });

  it("leaves the verdict as it was before a verification that was given up", async () => {
    const { wire, feed } = aFeed(0);
    feed.setVisible(true);
    const abort = new AbortController();
    const done = feed.verify(abort.signal);
    assert.equal(feed.state.verification.kind, "running");
    abort.abort();
    wire.verdict.reject(abort.signal.reason);
    await assert.rejects(done, { name: "AbortError" });
    assert.equal(feed.state.verification.kind, "none");
  });

  it("leaves what was known before a verification over a renewed connection, which takes the verdict when it comes", () => {
    const { feed } = aFeed(0);
    feed.takeVerdict({ ok: true, events: 2, head: "" });
    void feed.verify();
    assert.equal(feed.state.verification.kind, "running");
    const { feed: next } = aFeed(0, feed.state);
    assert.equal(next.state.verification.kind, "done");
    const firstBad = { seq: 1, reason: "x", expected: "", found: "" };
    next.takeVerdict({ ok: false, events: 3, head: "", firstBad });
    assert.deepEqual([isBroken(next.state), next.state.total], [true, 3]);
  });
});

describe("the rows of the Ledger view", () => {
  it("say at which event the chain is broken, in red", () => {
    const firstBad = { seq: 7, reason: "its content is not what its hash says", expected: "", found: "" };
    const verdict = { ok: false, events: 9, head: "", firstBad };
    const ledger: LedgerState = { ...emptyLedger, verification: { kind: "done", atMs: 0, verdict } };
    const [row] = ledgerRows(ledger, unknownFleet, { kind: "live" }, 1_000);
    assert.equal(isBroken(ledger), true);
    assert.deepEqual([row?.label, row?.icon?.color], ["Broken at event 7", "list.errorForeground"]);
    const [dated] = ledgerRows(ledger, unknownFleet, { kind: "connecting" }, 1_000);
    assert.deepEqual([dated?.isStale, dated?.icon?.color], [true, "disabledForeground"]);
  });

  it("tell each type of event in words, by names where they are known", () => {
    assert.equal(eventText(anEvent(1), names), "job j-0000000000000001 failed, exit 3");
    const created = anEvent(2, { type: "fleet.created", payload: { fleetId: "f", caFingerprint: "c" } });
    assert.equal(eventText(created, names), "the fleet was made");
  });

  it("show a type or form that this version does not know as what it is, and no control characters", () => {
    assert.equal(eventText(anEvent(1, { type: "host.painted" }), names), "host.painted");
    assert.equal(eventText(anEvent(1, { payload: {} }), names), "job.failed");
    assert.equal(eventText(anEvent(1, { type: "a\u001b[2J" }), names), "a?[2J");
    assert.equal(eventText(anEvent(1, { type: "constructor" }), names), "constructor");
    assert.ok(Object.keys(eventPayloads).length > 10);
  });

  it("tell an event's moment to the second, who did it and its number, where one points at it and in its document", () => {
    const event = anEvent(22, { atMs: new Date(2026, 10, 27, 13, 38, 39).getTime(), actor: "a*da" });
    const tooltip = eventTooltip(event, names);
    assert.match(tooltip, /^\*\*job j\\-0000000000000001 failed, exit 3\*\*/);
    assert.match(tooltip, /\| When \| 27 Nov 2026, 13:38:39 \\\(your time\\\) \|/);
    assert.match(tooltip, /\| By \| a\\\*da \|\n\| Event \| \\#22, job\\.failed \|/);
    const [comment, ...json] = eventDocument(event).split("\n");
    assert.equal(comment, "// #22 27 Nov 2026, 13:38:39 (your time)");
    assert.deepEqual(JSON.parse(json.join("\n")), event);
  });

  it("say that no event passes the filter", () => {
    const rows = (filter: string, events: LedgerEvent[]) =>
      ledgerRows({ ...emptyLedger, filter, events }, unknownFleet, { kind: "live" }, 0).map(
        ({ label }) => label,
      );
    assert.deepEqual(rows("attic", []), ["Not verified yet", "No event has “attic”"]);
    assert.deepEqual(rows("", []), ["Not verified yet"]);
    assert.equal(rows("attic", [anEvent(1)]).length, 2);
  });

  it("offer older events only where there are some", () => {
    const ids = (hasOlder: boolean) =>
      ledgerRows({ ...emptyLedger, events: [anEvent(1)], hasOlder }, unknownFleet, { kind: "live" }, 0).map(
        ({ id }) => id,
      );
    assert.deepEqual(ids(false), ["verification", "event:1"]);
    assert.deepEqual(ids(true), ["verification", "event:1", "older"]);
  });
});
