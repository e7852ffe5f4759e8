import type { HostMetrics } from "../../protocol/hostMetrics.ts";
import { HostSeries } from "../../protocol/hostSeries.ts";
import type { HostId } from "../../protocol/ids.ts";
import type { Changes } from "../fleet/createChanges.ts";

/** The readings of the last minutes. */
export interface MetricsHistory {
  /** What was read of a host from one time to another (service clock, both included); empty for a host without readings. */
  between(hostId: HostId, fromMs: number, toMs: number): HostMetrics;
}

/**
 * Keeps each host's readings of the last 15 minutes in memory, at the rate they come. Nothing of it is on disk: a restarted
 * service begins anew. A host that leaves the fleet is forgotten.
 */
export function createMetricsHistory(changes: Pick<Changes, "listen">): MetricsHistory {
  const hosts = new Map<string, HostSeries>();
  changes.listen((change) => {
    if (change.kind === "host-removed") hosts.delete(change.hostId);
    if (change.kind !== "reading" && change.kind !== "past-reading") return;
    const { reading } = change;
    const series = hosts.get(reading.hostId) ?? new HostSeries();
    hosts.set(reading.hostId, series);
    series.add(reading);
  });
  const none = new HostSeries();
  return { between: (hostId, fromMs, toMs) => (hosts.get(hostId) ?? none).between(fromMs, toMs) };
}
