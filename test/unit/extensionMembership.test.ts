import assert from "node:assert/strict";
import type { Identity } from "../../protocol/client/identity.ts";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import type { StreamClient, StreamState, TopicListener } from "../../protocol/client/streamClient.ts";
import { Refusal } from "../../protocol/problem.ts";
import { createMembership } from "../../extension/core/createMembership.ts";
import { openFleetSession } from "../../extension/core/openFleetSession.ts";
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

function aStore(kept: Identity | null) {
  let reads = 0;
  return {
    read: () => {
      reads += 1;
      return Promise.resolve(kept);
    },
    write: (next: Identity) => {
      kept = next;
      return Promise.resolve();
    },
    remove: () => {
      kept = null;
      return Promise.resolve();
    },
    set: (next: Identity | null) => (kept = next),
    reads: () => reads,
  };
}

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
  const aMembership = (kept: Identity | null) => {
    const wire = aWire();
    const store = aStore(kept);
    const membership = createMembership({
      store,
      openSession: (member) => openFleetSession(wire.needs(member)),
    });
    return { wire, store, membership };
  };

  it("reads nothing until asked, and then once for all who ask", async () => {
    const { membership, store } = aMembership(identity("a"));
    assert.equal(membership.session, undefined);
    assert.equal(store.reads(), 0);
    const [one, two] = await Promise.all([membership.ready(), membership.ready()]);
    assert.equal(one, two);
    assert.equal(store.reads(), 1);
  });

  it("makes a new session on joining and leaving, so that the old one is seen to be stale", async () => {
    const { membership, store } = aMembership(identity("a"));
    const before = await membership.ready();
    const after = await membership.join(identity("b"));
    assert.notEqual(after, before);
    assert.equal(membership.session, after);
    await membership.leave();
    assert.equal(membership.session, null);
    assert.equal(await store.read(), null);
  });

  it("follows another window that joined or left, and not its own writing", async () => {
    const { membership, store } = aMembership(null);
    assert.equal(await membership.ready(), null);
    store.set(identity("c"));
    await membership.refresh();
    const session = membership.session;
    assert.equal(session?.identity.certificatePem, "c");
    await membership.refresh();
    assert.equal(membership.session, session);
    store.set(null);
    await membership.refresh();
    assert.equal(membership.session, null);
  });

  it("tries at once when contact is lost, and starts anew when it was refused", async () => {
    const { membership, wire } = aMembership(identity("a"));
    const session = await membership.ready();
    wire.state({ kind: "waiting", retryAtMs: 0, error: new Error("gone") });
    membership.reconnect();
    assert.equal(wire.retries(), 1);
    assert.equal(membership.session, session);
    wire.state({ kind: "refused", error: new Error("no") });
    membership.reconnect();
    assert.notEqual(membership.session, session);
  });
});
