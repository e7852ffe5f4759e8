import type { AlertSettings } from "./alertSettings.ts";
import type { AlertKind } from "./decideAlerts.ts";
import type { KnownHost } from "./fleetState.ts";
import { gpuSignals, type GpuFact, type GpuSignal } from "./gpuSignals.ts";

/** Something that holds, by a signal's key. Times are of the host's readings. */
interface Condition {
  kind: GpuSignal["kind"];
  sinceMs: number;
  mark: string;
  /** It has held for as long as it must. */
  isDue: boolean;
  /** A person knows of it, or need not. */
  isTold: boolean;
  fact: GpuFact;
}

/** What is remembered of a host from look to look. */
export interface HostMemory {
  /** Whether it is there; `unknown` where its going away is not to be told. */
  presence: { kind: "unknown" } | { kind: "online" } | { kind: "lost"; sinceMs: number };
  isLostTold: boolean;
  conditions: ReadonlyMap<string, Condition>;
  /** Time of the newest reading that was looked at; null before the first. */
  readAtMs: number | null;
  /** When a person was last told of this host. */
  toldAtMs: number | null;
  /** What a person should be told of now, with the GPUs it is about. */
  due: ReadonlyMap<AlertKind, readonly GpuFact[]>;
}

/** Of a host that was never looked at. */
export const hostMemory: HostMemory = {
  presence: { kind: "unknown" },
  isLostTold: false,
  conditions: new Map(),
  readAtMs: null,
  toldAtMs: null,
  due: new Map(),
};

/** A host must be away for so long: a connection that is cut is often there again at once. */
const awayForMs = 15_000;

interface Moment {
  nowMs: number;
  isQuiet: boolean;
  isLive: boolean;
}

/** The memory after a look at the host; null where the service has not told of it since it answers. */
export function seenHost(
  memory: HostMemory,
  host: KnownHost | null,
  moment: Moment,
  settings: AlertSettings,
): HostMemory {
  if (host === null) {
    const presence = moment.isLive ? memory.presence : ({ kind: "unknown" } as const);
    return { ...memory, presence, due: new Map() };
  }
  const isLeftAlone = host.record.probe === "off";
  const seen: HostMemory = {
    ...memory,
    presence: isLeftAlone ? { kind: "unknown" } : presenceOf(memory, host, moment),
    isLostTold: memory.isLostTold && !isLeftAlone,
    ...readConditions(memory, host, settings),
  };
  return { ...seen, due: dueOf(seen, moment.nowMs, settings) };
}

function presenceOf(
  { presence }: HostMemory,
  { record }: KnownHost,
  { nowMs, isQuiet }: Moment,
): HostMemory["presence"] {
  switch (record.status.kind) {
    case "online":
      return { kind: "online" };
    case "offline":
    case "unreachable":
      if (isQuiet) return { kind: "unknown" };
      return presence.kind === "online" ? { kind: "lost", sinceMs: nowMs } : presence;
    case "late":
    case "never":
    case "needs-login":
      return presence;
  }
}

/** The conditions after the newest reading. What was so at the first one need not be told, heat apart. */
function readConditions(
  memory: HostMemory,
  { record, reading }: KnownHost,
  settings: AlertSettings,
): Pick<HostMemory, "conditions" | "readAtMs"> {
  const { conditions, readAtMs } = memory;
  if (reading === null || record.status.kind !== "online") return { conditions, readAtMs };
  const next = new Map<string, Condition>();
  for (const signal of gpuSignals(reading, settings)) {
    const before = conditions.get(signal.key);
    const known = before?.mark === signal.mark ? before : undefined;
    if (signal.level === "between" && before?.isTold === true) next.set(signal.key, before);
    if (signal.level !== "over") continue;
    const sinceMs = known?.sinceMs ?? reading.atMs;
    const isTold = known?.isTold ?? (readAtMs === null && signal.kind !== "hot");
    const { kind, mark, fact } = signal;
    const isDue = reading.atMs - sinceMs >= signal.forMs;
    next.set(signal.key, { kind, sinceMs, mark, isDue, isTold, fact });
  }
  return { conditions: next, readAtMs: reading.atMs };
}

function dueOf(
  { presence, isLostTold, conditions }: HostMemory,
  nowMs: number,
  { isHostLostTold }: AlertSettings,
): HostMemory["due"] {
  const due = new Map<AlertKind, GpuFact[]>();
  const isLost = presence.kind === "lost" && nowMs - presence.sinceMs >= awayForMs;
  if (isHostLostTold && isLost && !isLostTold) due.set("lost", []);
  if (isHostLostTold && presence.kind === "online" && isLostTold) due.set("back", []);
  for (const { kind, fact, isDue, isTold } of conditions.values())
    if (isDue && !isTold) due.set(kind, [...(due.get(kind) ?? []), fact]);
  return due;
}
