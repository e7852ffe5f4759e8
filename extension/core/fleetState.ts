import type { HostRecord } from "../../protocol/host.ts";
import { lateMs } from "../../protocol/hostSeries.ts";
import type { HostId, JobId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import type { GpuReading, HostReading } from "../../protocol/reading.ts";
import type { TopicData } from "../../protocol/stream.ts";
import { compareNames } from "./compareNames.ts";

/** A host as last heard of. */
export interface KnownHost {
  record: HostRecord;
  /** The newest reading that came by any topic. */
  reading: HostReading | null;
  /** This program's clock when the record came. */
  heardAtMs: number;
}

/** What this program knows of the fleet. Values are never changed in place. */
export interface FleetState {
  hosts: ReadonlyMap<HostId, KnownHost>;
  jobs: ReadonlyMap<JobId, JobRecord>;
  /** Whether a snapshot has come since joining; before that an empty fleet means nothing. */
  isKnown: boolean;
}

/** Before the first snapshot. */
export const unknownFleet: FleetState = { hosts: new Map(), jobs: new Map(), isKnown: false };

type FleetData = Extract<TopicData, { kind: "fleet" }>;

/** Takes in what the `fleet` topic says: everything (`whole`), or what changed. Older records than the known are passed over. */
export function withFleetData(
  state: FleetState,
  data: FleetData,
  { whole, nowMs }: { whole: boolean; nowMs: number },
): FleetState {
  const hosts = new Map(whole ? [] : state.hosts);
  const jobs = new Map(whole ? [] : state.jobs);
  for (const record of data.hosts) {
    const known = hosts.get(record.id) ?? state.hosts.get(record.id);
    if (!whole && known && known.record.revision > record.revision) continue;
    // A record without a reading says that the service has none (it started anew): the old one stays, marked by its status.
    hosts.set(record.id, { record, reading: newer(known?.reading, record.reading), heardAtMs: nowMs });
  }
  for (const id of data.removedHostIds) hosts.delete(id as HostId);
  for (const job of data.jobs) {
    const known = jobs.get(job.id);
    if (known === undefined || known.revision <= job.revision) jobs.set(job.id, job);
  }
  return { hosts, jobs, isKnown: state.isKnown || whole };
}

/** Takes in a reading of the `metrics` topic. One of an unknown host is passed over. */
export function withReading(state: FleetState, reading: HostReading | null): FleetState {
  if (reading === null) return state;
  const id = reading.hostId as HostId;
  const known = state.hosts.get(id);
  if (known === undefined || newer(known.reading, reading) !== reading) return state;
  const hosts = new Map(state.hosts);
  hosts.set(id, { ...known, reading });
  return { ...state, hosts };
}

/** The host's GPUs by their newest reading. */
export function gpusOf(host: KnownHost): readonly GpuReading[] {
  return host.reading?.gpus ?? host.record.gpus;
}

/** Hosts in the order people see them: this machine first, then by name. */
export function hostsInOrder(state: FleetState): KnownHost[] {
  const rank = (host: KnownHost) => (host.record.connection.kind === "local" ? 0 : 1);
  return [...state.hosts.values()].sort(
    (a, b) => rank(a) - rank(b) || compareNames(a.record.name, b.record.name),
  );
}

/** The newer of two readings: the next one, unless it is a little older and so came late. */
function newer(known: HostReading | null | undefined, next: HostReading | null): HostReading | null {
  if (next === null) return known ?? null;
  const olderMs = known ? known.atMs - next.atMs : 0;
  return known && olderMs > 0 && olderMs < lateMs ? known : next;
}
