import type { Metric } from "../metric.ts";

/** The first eight columns of /proc/stat's `cpu` line: user nice system idle iowait irq softirq steal, in ticks. */
export type LinuxCpuTicks = readonly number[];

const idleColumns: readonly number[] = [3, 4];

/** Reads the `cpu` line; null when it is none. Guest time is inside user and nice, so it is left out. */
export function parseLinuxCpuTicks(line: string): LinuxCpuTicks | null {
  const [label, ...columns] = line.trim().split(/\s+/);
  const ticks = columns.slice(0, 8).map(Number);
  if (label !== "cpu" || ticks.length < 4 || !ticks.every((value) => Number.isFinite(value) && value >= 0)) {
    return null;
  }
  return ticks;
}

/**
 * Busy share between two readings, in percent. Single columns may go down a little (iowait does) and then count
 * as 0; when the sum went down the counters started anew, and there is no figure until the next reading.
 */
export function linuxCpuPct(before: LinuxCpuTicks | null, after: LinuxCpuTicks): Metric {
  if (before === null || before.length !== after.length || sum(after) < sum(before)) {
    return { unsupported: "not-measured" };
  }
  const deltas = after.map((ticks, column) => Math.max(0, ticks - (before[column] ?? 0)));
  const total = sum(deltas);
  if (total === 0) return { unsupported: "not-measured" };
  const idle = sum(idleColumns.map((column) => deltas[column] ?? 0));
  return { value: Math.round(((total - idle) / total) * 1000) / 10 };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
