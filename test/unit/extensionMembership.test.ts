import assert from "node:assert/strict";
import type { Identity } from "../../protocol/client/identity.ts";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import type { StreamClient, StreamState, TopicListener } from "../../protocol/client/streamClient.ts";
import { Refusal } from "../../protocol/problem.ts";
import { createAutoStart } from "../../extension/core/createAutoStart.ts";
import { createMembership } from "../../extension/core/createMembership.ts";
import { openFleetSession } from "../../extension/core/openFleetSession.ts";
import type { Profile } from "../../extension/core/profile.ts";
import { whenFleetKnown } from "../../extension/core/whenFleetKnown.ts";
import { aHost, aReading } from "../support/fleetRecords.ts";

const identity = (certificatePem: string, role: Identity["role"] = "admin"): Identity => ({
  url: "https://127.0.0.1:7443",
  fleetId: "fleet-1",
  caFingerprint: "0".repeat(64),
  caPem: "",
  certificatePem,
  keyPem: "",
  member: "ada",
  role,
  notAfterMs: 0,
});

/** The two clients' part towards a session, played by hand. */
function aWire() {
  const topics = new Map<string, TopicListener>();
  const open = new Set<string>();
  let onState: (state: StreamState) => void = () => undefined;
  let retries = 0;
  const stream = (): StreamClient => ({
    subscribe(topic, listener) {
      topics.set(topic, listener);
      open.add(topic);
      return () => void open.delete(topic);
    },
    state: { kind: "connecting" },
    retryNow: () => (retries += 1),
    close: () => open.clear(),
  });
  const needs = (member: Identity) => ({
    identity: member,
    now: () => 0,
    createClient: () => ({ close: () => undefined }) as unknown as RouteClient,
    openStream: (_member: Identity, listener: (state: StreamState) => void) => {
      onState = listener;
      return stream();
    },
  });
  return {
    needs,
    open,
    retries: () => retries,
    state: (state: StreamState) => onState(state),
    say: (topic: string, data: Parameters<NonNullable<TopicListener["onData"]>>[0]) =>
      topics.get(topic)?.onData?.(data, true),
  };
}

function aStore(kept: Profile[]) {
  let reads = 0;
  return {
    read: () => {
      reads += 1;
      return Promise.resolve(kept);
    },
    write: (next: readonly Profile[]) => {
      kept = [...next];
      return Promise.resolve();
    },
    set: (next: Profile[]) => (kept = next),
    reads: () => reads,
  };
}

const profile = (member: Identity, label = "lab"): Profile => ({ identity: member, label, home: null });

describe("a fleet session", () => {
  it("asks once for the readings of a host that several watch, until the last lets it go", () => {
    const wire = aWire();
    const session = openFleetSession(wire.needs(identity("a")));
    const [one, two] = [aHost().id, "h-0000000000000002" as ReturnType<typeof aHost>["id"]];
    const [tree, panel] = [{}, {}];
    session.watchFor(tree, new Set([one]));
    session.watchFor(panel, new Set([one, two]));
    assert.deepEqual([...wire.open], ["fleet", "prompts", `metrics:${one}`, `metrics:${two}`]);
    session.watchFor(tree, new Set());
    assert.ok(wire.open.has(`metrics:${one}`));
    session.watchFor(panel, new Set([two]));
    assert.deepEqual([...wire.open], ["fleet", "prompts", `metrics:${two}`]);
    session.watchFor(panel, new Set());
    assert.deepEqual([...wire.open], ["fleet", "prompts"]);
  });

  it("takes in snapshots and readings, and tells its listeners", () => {
    const wire = aWire();
    const session = openFleetSession(wire.needs(identity("a")));
    let told = 0;
    session.listen(() => (told += 1));
    wire.say("fleet", { kind: "fleet", hosts: [aHost()], jobs: [], removedHostIds: [] });
    session.watchFor({}, new Set([aHost().id]));
    wire.say(`metrics:${aHost().id}`, { kind: "metrics", reading: aReading({ atMs: 7_000 }) });
    assert.equal(told, 2);
    assert.equal(session.fleet.hosts.get(aHost().id)?.reading?.atMs, 7_000);
  });

  it("does not ask for questions as a viewer, and forgets them without contact", () => {
    const viewer = aWire();
    openFleetSession(viewer.needs(identity("a", "viewer")));
    assert.ok(!viewer.open.has("prompts"));
    const wire = aWire();
    const session = openFleetSession(wire.needs(identity("a")));
    wire.say("prompts", { kind: "prompts", prompts: [{ id: "p-1" } as never] });
    assert.equal(session.prompts.length, 1);
    wire.state({ kind: "waiting", retryAtMs: 0, error: new Error("gone") });
    assert.equal(session.prompts.length, 0);
  });

  it("is settled by the first snapshot or by failing contact", async () => {
    const wire = aWire();
    const session = openFleetSession(wire.needs(identity("a")));
    const known = whenFleetKnown(session);
    wire.state({ kind: "connected" });
    wire.say("fleet", { kind: "fleet", hosts: [], jobs: [], removedHostIds: [] });
    await known;
    const other = openFleetSession(wire.needs(identity("a")));
    const failed = whenFleetKnown(other);
    wire.state({ kind: "waiting", retryAtMs: 0, error: new Refusal("service-unreachable") });
    await failed;
    assert.equal(other.contact.kind, "lost");
  });
});

describe("the membership", () => {
  const aMembership = (kept: Profile[]) => {
    const wire = aWire();
    const store = aStore(kept);
    let shown: string | null = null;
    const membership = createMembership({
      store,
      active: { get: () => shown, set: (fleetId) => (shown = fleetId) },
      openSession: (member) => openFleetSession(wire.needs(member)),
    });
    return { wire, store, membership };
  };
  const first = identity("a");
  const second = { ...identity("b"), fleetId: "fleet-2", url: "https://127.0.0.2:7443" };

  it("reads nothing until asked, and then once for all who ask", async () => {
    const { membership, store } = aMembership([profile(first)]);
    assert.equal(membership.session, undefined);
    assert.equal(store.reads(), 0);
    const [one, two] = await Promise.all([membership.ready(), membership.ready()]);
    assert.equal(one, two);
    assert.equal(store.reads(), 1);
  });

  it("makes a new session on joining and leaving, so that the old one is seen to be stale", async () => {
    const { membership, store } = aMembership([profile(first)]);
    const before = await membership.ready();
    const after = await membership.join(identity("b"));
    assert.notEqual(after, before);
    assert.equal(membership.session, after);
    await membership.leave();
    assert.equal(membership.session, null);
    assert.deepEqual(await store.read(), []);
  });

  it("keeps the fleets it was in when it joins another, and switches between them", async () => {
    const { membership } = aMembership([profile(first)]);
    await membership.ready();
    await membership.join(second, { home: "/data" });
    assert.deepEqual(
      membership.profiles.map(({ label, home }) => [label, home]),
      [
        ["lab", null],
        ["127.0.0.2:7443", "/data"],
      ],
    );
    const { session } = membership;
    membership.switchTo("fleet-1");
    assert.equal(membership.session?.identity.fleetId, "fleet-1");
    assert.notEqual(membership.session, session);
    membership.switchTo("nowhere");
    assert.equal(membership.profile?.label, "lab");
  });

  it("keeps a fleet's name and folder when it joins the same fleet again", async () => {
    const { membership } = aMembership([{ ...profile(first, "mine"), home: "/data" }]);
    await membership.ready();
    await membership.join({ ...first, certificatePem: "fresh" });
    assert.deepEqual(
      membership.profiles.map(({ label, home, identity: { certificatePem } }) => [
        label,
        home,
        certificatePem,
      ]),
      [["mine", "/data", "fresh"]],
    );
  });

  it("shows another fleet after leaving one", async () => {
    const { membership } = aMembership([profile(first), profile(second, "other")]);
    await membership.ready();
    await membership.leave();
    assert.equal(membership.profile?.label, "other");
  });

  it("takes a name without disturbing the connection", async () => {
    const { membership, store } = aMembership([profile(first)]);
    const session = await membership.ready();
    await membership.rename("basement");
    assert.equal(membership.session, session);
    assert.equal((await store.read())[0]?.label, "basement");
  });

  it("lets a new membership in although the kept ones cannot be read", async () => {
    const { membership, store } = aMembership([]);
    store.read = () => Promise.reject(new Error("damaged"));
    await assert.rejects(membership.ready(), /damaged/);
    await membership.join(first);
    assert.equal(membership.profile?.identity.fleetId, "fleet-1");
  });

  it("follows another window that joined or left, and not its own writing", async () => {
    const { membership, store } = aMembership([]);
    assert.equal(await membership.ready(), null);
    store.set([profile(identity("c"))]);
    await membership.refresh();
    const session = membership.session;
    assert.equal(session?.identity.certificatePem, "c");
    await membership.refresh();
    assert.equal(membership.session, session);
    store.set([]);
    await membership.refresh();
    assert.equal(membership.session, null);
  });

  it("tries at once when contact is lost, and starts anew when it was refused", async () => {
    const { membership, wire } = aMembership([profile(first)]);
    const session = await membership.ready();
    wire.state({ kind: "waiting", retryAtMs: 0, error: new Error("gone") });
    membership.reconnect();
    assert.equal(wire.retries(), 1);
    assert.equal(membership.session, session);
    wire.state({ kind: "refused", error: new Error("no") });
    membership.reconnect();
    assert.notEqual(membership.session, session);
  });

  it("starts a service of this machine again, once a minute at most, and only where that is wanted", async () => {
    const { membership, wire } = aMembership([{ ...profile(first), home: "/data" }]);
    await membership.ready();
    const started: string[] = [];
    let nowMs = 0;
    let wanted = false;
    createAutoStart({
      membership,
      local: {
        start(home) {
          started.push(home ?? "");
          return Promise.resolve({ url: "", home: "", alreadyRunning: false });
        },
      },
      isWanted: () => wanted,
      now: () => nowMs,
      onFailure: assert.ifError,
    });
    const lost = () =>
      wire.state({ kind: "waiting", retryAtMs: 0, error: new Refusal("service-unreachable") });
    lost();
    assert.deepEqual(started, []);
    wanted = true;
    lost();
    lost();
    assert.deepEqual(started, ["/data"]);
    nowMs = 60_000;
    lost();
    assert.deepEqual(started, ["/data", "/data"]);
  });
});
