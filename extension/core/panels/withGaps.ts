import type { HostMetrics } from "../../../protocol/hostMetrics.ts";

/** Readings come every 15 s at least; after three that did not come nothing is known until the next. */
const silentMs = 46_000;

type Column = (number | null)[];

/**
 * The same readings with an empty one in each long silence, so that a chart draws no line across it. `stepS`: where they are
 * steps of so many seconds, any that is missing.
 */
export function withGaps(metrics: HostMetrics, stepS: number | null = null): HostMetrics {
  const { atMs } = metrics;
  const longestMs = stepS === null ? silentMs : 1_500 * stepS;
  const gapsAfter = new Set(atMs.flatMap((ms, at) => ((atMs[at + 1] ?? ms) - ms > longestMs ? [at] : [])));
  if (gapsAfter.size === 0) return metrics;
  const spread = <T>(column: readonly T[], between: (before: T) => T): T[] =>
    column.flatMap((value, at) => (gapsAfter.has(at) ? [value, between(value)] : [value]));
  const gapped = (column: Column): Column => spread(column, () => null);
  return {
    atMs: spread(atMs, (ms) => ms + 1),
    cpuPct: gapped(metrics.cpuPct),
    memoryUsedBytes: gapped(metrics.memoryUsedBytes),
    gpus: metrics.gpus.map((gpu) => ({
      ...gpu,
      utilizationPct: gapped(gpu.utilizationPct),
      memoryUsedBytes: gapped(gpu.memoryUsedBytes),
      temperatureC: gapped(gpu.temperatureC),
      powerW: gapped(gpu.powerW),
    })),
  };
}
