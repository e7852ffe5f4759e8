import type { RouteClient } from "../../../protocol/client/routeClient.ts";
import type { HostMetrics } from "../../../protocol/hostMetrics.ts";
import { HostSeries } from "../../../protocol/hostSeries.ts";
import type { HostId } from "../../../protocol/ids.ts";
import type { LedgerEvent } from "../../../protocol/ledger/events.ts";
import type { HostReading } from "../../../protocol/reading.ts";
import { shownEvents } from "./hostEvents.ts";

/** The newest events of the whole ledger in which those of a host's jobs are looked for: they name only the job. */
const searchedEvents = 500;

/** What a host's panel remembers of the last minutes. */
export interface HostHistory {
  /** Asks the service what was read and what happened; called again after a time without looking. Never rejects. */
  load(client: Pick<RouteClient, "call">): Promise<void>;
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

  async function loadMetrics(client: Pick<RouteClient, "call">, isNewest: () => boolean): Promise<void> {
    const metrics = await client.call("getHostMetrics", { params: { host: hostId } });
    if (isNewest()) series.replace(metrics);
  }

  async function loadEvents(client: Pick<RouteClient, "call">, isNewest: () => boolean): Promise<void> {
    const [ofHost, newest] = await Promise.all([
      client.call("listLedger", { query: { contains: hostId, limit: shownEvents } }),
      client.call("listLedger", { query: { limit: searchedEvents } }),
    ]);
    if (isNewest()) events = [...(events ?? []).slice(-searchedEvents), ...ofHost.events, ...newest.events];
  }

  return {
    async load(client) {
      const load = ++loads;
      const isNewest = (): boolean => load === loads;
      // What fails here is said by the contact, or the host is gone: the panel shows what it has.
      await Promise.allSettled([loadMetrics(client, isNewest), loadEvents(client, isNewest)]);
      if (isNewest()) onChange();
    },
    take: (reading) => series.add(reading),
    takeEvents(more) {
      events = [...(events ?? []), ...more].slice(-3 * searchedEvents);
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
