import * as z from "zod";

const column = z.array(z.number().nullable());

/** Readings of a host over some time, column by column; the n-th of each column was read at the n-th time. */
export const hostMetricsSchema = z.object({
  /** Service clock, rising. */
  atMs: z.array(z.number().int()),
  /** Null where there was no figure; why not, the newest reading says. The same in every column. */
  cpuPct: column,
  memoryUsedBytes: column,
  gpus: z.array(
    z.object({
      uuid: z.string(),
      name: z.string(),
      utilizationPct: column,
      memoryUsedBytes: column,
      temperatureC: column,
      powerW: column,
    }),
  ),
});
export type HostMetrics = z.infer<typeof hostMetricsSchema>;
