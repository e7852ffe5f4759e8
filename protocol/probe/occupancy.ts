import type { Metric } from "../metric.ts";
import type { GpuProcess, Occupancy } from "../reading.ts";

/** What is known of a GPU's processes. */
export type ProcessList =
  { kind: "known"; processes: readonly GpuProcess[] } | { kind: "unknown"; reason: string };

/** What the rule of occupancy looks at. */
export interface OccupancyFacts {
  memoryKind: "dedicated" | "unified";
  utilizationPct: Metric;
  memoryUsedBytes: Metric;
  memoryTotalBytes: Metric;
  processes: ProcessList;
}

const idleFloorBytes = 512 * 1024 * 1024;
/** A desktop alone stays below it. */
const idleCeilingPct = 50;

/**
 * Who uses a GPU. Free takes low memory (at most 512 MiB or 5 %) and no process; low utilisation proves nothing, for an
 * idle inference server keeps its memory, but a high one has a cause, listed or not. What cannot be told is unknown, and
 * unknown is not free.
 */
export function occupancyOf(facts: OccupancyFacts): Occupancy {
  const { memoryUsedBytes: used, memoryTotalBytes: total, processes } = facts;
  if (isFault(used) || isFault(total)) return { kind: "unknown", reason: "fault" };
  if (processes.kind === "unknown") return { kind: "unknown", reason: processes.reason };
  if (processes.processes.length > 0) return { kind: "busy", processes: [...processes.processes] };
  const { utilizationPct: load } = facts;
  if ("value" in load && load.value > idleCeilingPct) return { kind: "unknown", reason: "unlisted-load" };
  // Where memory is shared, often nobody tells how much of it is in use here.
  if (facts.memoryKind === "unified" && !("value" in used)) return { kind: "free" };
  if (!("value" in used)) return { kind: "unknown", reason: used.unsupported };
  const share = "value" in total ? total.value / 20 : 0;
  if (used.value <= Math.max(idleFloorBytes, share)) return { kind: "free" };
  return { kind: "unknown", reason: "unlisted-memory" };
}

function isFault(metric: Metric): boolean {
  return "unsupported" in metric && metric.unsupported === "fault";
}
