import type { Metric } from "../metric.ts";

/** A machine's memory. */
export interface MemoryFigures {
  memoryUsedBytes: Metric;
  memoryTotalBytes: Metric;
}

/** The keys of /proc/meminfo that the probe sends, in this order; `-` stands for a missing one. */
export const linuxMemoryKeys = [
  "MemTotal",
  "MemFree",
  "MemAvailable",
  "Buffers",
  "Cached",
  "SReclaimable",
  "Shmem",
] as const;

/**
 * Memory from the values of `linuxMemoryKeys` in KiB. Used is what is not available; kernels without MemAvailable
 * get free + buffers + cached + reclaimable - shared instead.
 */
export function linuxMemory(cells: readonly string[]): MemoryFigures {
  const kib = (key: (typeof linuxMemoryKeys)[number]) => countOf(cells[linuxMemoryKeys.indexOf(key)]);
  const total = kib("MemTotal");
  const free = kib("MemFree");
  if (total === null) return noMemory;
  const spare = [kib("Buffers"), kib("Cached"), kib("SReclaimable")].reduce<number>(
    (n, v) => n + (v ?? 0),
    0,
  );
  const available = kib("MemAvailable") ?? (free === null ? null : free + spare - (kib("Shmem") ?? 0));
  return {
    memoryTotalBytes: { value: total * 1024 },
    memoryUsedBytes:
      available === null
        ? { unsupported: "not-supported" }
        : { value: Math.min(total, Math.max(0, total - available)) * 1024 },
  };
}

/**
 * Memory inside a control group (cells: memory.max, memory.current, inactive_file of memory.stat, in bytes).
 * A container sees the whole machine in /proc/meminfo, but its own limit is what counts. Without one: `machine`.
 */
export function linuxGroupMemory(machine: MemoryFigures, cells: readonly string[]): MemoryFigures {
  const limit = countOf(cells[0]);
  const current = countOf(cells[1]);
  const cache = countOf(cells[2]) ?? 0;
  if (limit === null || current === null) return machine;
  if ("value" in machine.memoryTotalBytes && limit >= machine.memoryTotalBytes.value) return machine;
  return {
    memoryTotalBytes: { value: limit },
    memoryUsedBytes: { value: Math.min(limit, Math.max(0, current - cache)) },
  };
}

const noMemory: MemoryFigures = {
  memoryUsedBytes: { unsupported: "not-supported" },
  memoryTotalBytes: { unsupported: "not-supported" },
};

function countOf(cell: string | undefined): number | null {
  return cell !== undefined && /^\d{1,18}$/.test(cell) ? Number(cell) : null;
}
