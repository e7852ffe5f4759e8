import type { RouteClient } from "../../../protocol/client/routeClient.ts";
import type { HostMetrics } from "../../../protocol/hostMetrics.ts";
import { HostSeries } from "../../../protocol/hostSeries.ts";
import type { HostId, JobId } from "../../../protocol/ids.ts";
import type { LedgerEvent } from "../../../protocol/ledger/events.ts";
import type { HostReading } from "../../../protocol/reading.ts";
import type { RouteInput } from "../../../protocol/routes.ts";
import { hostEvents, shownEvents } from "./hostEvents.ts";

/** The newest events of the whole ledger in which those of a host's jobs are looked for: they name only the job. */
const searchedEvents = 500;
/** The newest events that name the host, by id or by name. */
const namingEvents = 100;
/** Of so many of its newest jobs the events are asked for where they are older than all of those. */
const askedJobs = 6;
/** A job is placed soon after it was queued: other events between the two. */
const eventsBeforePlacing = 50;

type LedgerQuery = NonNullable<RouteInput<"listLedger">["query"]>;

/** What a host's panel remembers of the last minutes. */
export interface HostHistory {
  /**
   * Asks the service what was read and what happened; called again after a time without looking. Never rejects. `name`: the
   * host's, where it is known; some events have nothing else of it.
   */
  load(client: Pick<RouteClient, "call">, name?: string): Promise<void>;
  /** Whether the service has answered once, or could not. */
  readonly isLoaded: boolean;
  /** Takes a reading that came live. */
  take(reading: HostReading): void;
  /** Takes events that came live. */
  takeEvents(events: readonly LedgerEvent[]): void;
  /** The readings of so many minutes up to the newest. */
  lastMinutes(minutes: number): HostMetrics;
  /** Events that may tell of the host; null until they were read. */
  readonly events: readonly LedgerEvent[] | null;
}

/** Starts empty. `onChange` is told when the service has answered. */
export function createHostHistory(hostId: HostId, onChange: () => void): HostHistory {
  const series = new HostSeries();
  let events: readonly LedgerEvent[] | null = null;
  let loads = 0;
  let isLoaded = false;
  let hostName = "";

  async function loadMetrics(client: Pick<RouteClient, "call">, isNewest: () => boolean): Promise<void> {
    const metrics = await client.call("getHostMetrics", { params: { host: hostId } });
    if (isNewest()) series.merge(metrics);
  }

  async function loadEvents(client: Pick<RouteClient, "call">, isNewest: () => boolean): Promise<void> {
    const list = async (query: LedgerQuery): Promise<LedgerEvent[]> =>
      (await client.call("listLedger", { query })).events;
    const [ofHost, ofName, newest] = await Promise.all([
      list({ contains: hostId, limit: namingEvents }),
      hostName === "" ? [] : list({ contains: hostName, limit: namingEvents }),
      list({ limit: searchedEvents }),
    ]);
    const wholeFrom = (newest[0]?.seq ?? 0) + eventsBeforePlacing;
    const older = ofHost.filter(({ seq, type }) => type === "job.placed" && seq < wholeFrom);
    const ofJobs = await Promise.all(
      older.slice(-askedJobs).map(({ seq, payload }) =>
        list({
          contains: payload["jobId"] as JobId,
          after: Math.max(0, seq - eventsBeforePlacing),
          limit: shownEvents,
        }),
      ),
    );
    if (isNewest()) events = trimmed([...ofHost, ...ofName, ...ofJobs.flat(), ...(events ?? []), ...newest]);
  }

  /** Keeps the last events whole, and of those before them what is shown of the host. */
  function trimmed(all: readonly LedgerEvent[]): readonly LedgerEvent[] {
    if (all.length <= 3 * searchedEvents) return all;
    const before = all.slice(0, -searchedEvents);
    return [
      ...hostEvents(before, { hostId, name: hostName, jobIds: new Set() }),
      ...all.slice(-searchedEvents),
    ];
  }

  return {
    async load(client, name = "") {
      const load = ++loads;
      hostName = name;
      const isNewest = (): boolean => load === loads;
      // What fails here is said by the contact, or the host is gone: the panel shows what it has.
      await Promise.allSettled([loadMetrics(client, isNewest), loadEvents(client, isNewest)]);
      isLoaded = true;
      if (isNewest()) onChange();
    },
    get isLoaded() {
      return isLoaded;
    },
    take: (reading) => series.add(reading),
    takeEvents(more) {
      events = trimmed([...(events ?? []), ...more]);
    },
    lastMinutes(minutes) {
      const toMs = series.newestAtMs ?? 0;
      return series.between(toMs - minutes * 60_000, toMs);
    },
    get events() {
      return events;
    },
  };
}
