import type { HostId } from "../../protocol/ids.ts";
import type { AlertSettings } from "./alertSettings.ts";
import type { KnownHost } from "./fleetState.ts";
import type { GpuFact } from "./gpuSignals.ts";
import { withoutName } from "./statusText.ts";
import { hostMemory, seenHost, type HostMemory } from "./hostMemory.ts";

/** What a person is told of, what matters most first. */
export const alertKinds = ["lost", "fault", "hot", "full", "back"] as const;
export type AlertKind = (typeof alertKinds)[number];

/** What happened on one host. */
export interface HostAlert {
  kind: AlertKind;
  hostId: HostId;
  host: string;
  /** Why it is out of reach, where that is known. */
  reason: string | null;
  gpus: readonly GpuFact[];
}

/** What is said in one notification: of one kind, on one host or several. */
export type Notice = readonly HostAlert[];

/** What is remembered from look to look. */
export interface AlertState {
  hosts: ReadonlyMap<HostId, HostMemory>;
  lookedAtMs: number | null;
  /** Since when the service answers; null while it does not. */
  liveSinceMs: number | null;
  /** Until then nobody is told of lost hosts: this machine has slept, and the service may have, too. */
  quietUntilMs: number;
  toldAtMs: ReadonlyMap<AlertKind, number>;
}

/** Before the first look. */
export const noAlerts: AlertState = {
  hosts: new Map(),
  lookedAtMs: null,
  liveSinceMs: null,
  quietUntilMs: 0,
  toldAtMs: new Map(),
};

/** What is looked at: the fleet as it is known, and whether its service answers. */
export interface AlertLook {
  hosts: readonly KnownHost[];
  isLive: boolean;
  nowMs: number;
}

/** How often to look. */
export const lookEveryMs = 5_000;
/** Who did not look for so long has slept. */
const sleptMs = 30_000;
const quietMs = 120_000;
/** At most one notification of a kind in this time. */
const kindPaceMs = 30_000;

/**
 * What there is to tell a person. Nobody is told of what was so when the first look was taken, heat apart; nor of hosts that
 * were lost while the service was away or this machine slept. What has to wait is told later, if it still holds.
 */
export function decideAlerts(
  state: AlertState,
  { hosts, isLive, nowMs }: AlertLook,
  settings: AlertSettings,
): { notices: Notice[]; state: AlertState } {
  const hasSlept = state.lookedAtMs !== null && nowMs - state.lookedAtMs > sleptMs;
  const quietUntilMs = hasSlept ? nowMs + quietMs : state.quietUntilMs;
  const liveSinceMs = isLive ? (state.liveSinceMs ?? nowMs) : null;
  const next = new Map<HostId, HostMemory>();
  const isQuiet = nowMs < quietUntilMs;
  for (const host of hosts) {
    const memory = state.hosts.get(host.record.id) ?? hostMemory;
    const isHeard = liveSinceMs !== null && host.heardAtMs >= liveSinceMs;
    next.set(host.record.id, seenHost(memory, isHeard ? host : null, { nowMs, isQuiet, isLive }, settings));
  }
  const { notices, told } = isLive
    ? dueNow(next, hosts, state.toldAtMs, { nowMs, pauseMs: settings.pauseMs })
    : { notices: [], told: [] };
  for (const { hostId, kind } of told) {
    const memory = next.get(hostId);
    if (memory !== undefined) next.set(hostId, toldOf(memory, kind, nowMs));
  }
  const toldAtMs = new Map(state.toldAtMs);
  for (const { kind } of told) toldAtMs.set(kind, nowMs);
  return { notices, state: { hosts: next, lookedAtMs: nowMs, liveSinceMs, quietUntilMs, toldAtMs } };
}

/** What is due on each host, of the kind that matters most there; several hosts of a kind in one notice. */
function dueNow(
  memories: ReadonlyMap<HostId, HostMemory>,
  hosts: readonly KnownHost[],
  toldAtMs: ReadonlyMap<AlertKind, number>,
  { nowMs, pauseMs }: { nowMs: number; pauseMs: number },
): { notices: Notice[]; told: HostAlert[] } {
  const mayTell = alertKinds.filter((kind) => nowMs - (toldAtMs.get(kind) ?? -Infinity) >= kindPaceMs);
  const told: HostAlert[] = [];
  for (const { record } of hosts) {
    const memory = memories.get(record.id);
    if (memory === undefined || nowMs - (memory.toldAtMs ?? -Infinity) < pauseMs) continue;
    const kind = mayTell.find((one) => memory.due.has(one));
    if (kind === undefined) continue;
    const { status } = record;
    const reason =
      kind === "lost" && status.kind === "unreachable" ? withoutName(status.reason, record.name) : null;
    told.push({ kind, hostId: record.id, host: record.name, reason, gpus: memory.due.get(kind) ?? [] });
  }
  const notices = alertKinds.map((kind) => told.filter((alert) => alert.kind === kind));
  return { notices: notices.filter(({ length }) => length > 0), told };
}

function toldOf(memory: HostMemory, kind: AlertKind, nowMs: number): HostMemory {
  const conditions = new Map(
    [...memory.conditions].map(([key, one]) => [
      key,
      one.kind === kind && one.isDue ? { ...one, isTold: true } : one,
    ]),
  );
  const isLostTold = kind === "lost" || (kind !== "back" && memory.isLostTold);
  return { ...memory, conditions, isLostTold, toldAtMs: nowMs };
}
