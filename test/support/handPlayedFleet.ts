import type { Identity } from "../../protocol/client/identity.ts";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import type { StreamClient, StreamState, TopicListener } from "../../protocol/client/streamClient.ts";
import { createMembership } from "../../extension/core/createMembership.ts";
import { openFleetSession } from "../../extension/core/openFleetSession.ts";
import type { Profile } from "../../extension/core/profile.ts";

/** A membership whose certificate is only a name. */
export const identity = (certificatePem: string, role: Identity["role"] = "admin"): Identity => ({
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
export function aWire() {
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

/** The store of memberships, in memory. */
export function aStore(kept: Profile[]) {
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

/** A profile of a fleet elsewhere. */
export const profile = (member: Identity, label = "lab"): Profile => ({
  identity: member,
  label,
  home: null,
});

/** A membership of the fleets that are kept, and what plays their parts. */
export function aMembership(kept: Profile[]) {
  const wire = aWire();
  const store = aStore(kept);
  let shown: string | null = null;
  const clock = { nowMs: 0 };
  const membership = createMembership({
    store,
    active: { get: () => shown, set: (fleetId) => (shown = fleetId) },
    openSession: (member, known) =>
      openFleetSession({ ...wire.needs(member), now: () => clock.nowMs, ...(known ? { known } : {}) }),
    wasStopped: (home) => home === "/stopped",
  });
  return { wire, store, membership, clock };
}
