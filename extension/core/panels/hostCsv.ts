import type { HostMetrics } from "../../../protocol/hostMetrics.ts";
import { hostWords } from "../words/hostWords.ts";
import type { HostPanelModel } from "./hostSchema.ts";

const say = hostWords.csv;

/** What a cell may not begin with: a spreadsheet would take it for a formula. */
const formula = /^[=+\-@\t\r]/;

type Column = readonly (number | null)[];

/**
 * What a host's charts show from one time to another, both included, as CSV (RFC 4180): times in UTC, a column for each figure
 * with its unit, an empty cell where there is no figure. Null where nothing is shown.
 */
export function hostCsv(
  { host, metrics }: Pick<HostPanelModel, "host" | "metrics">,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): string | null {
  if (host === null) return null;
  const columns: (readonly [string, Column])[] = [
    [say.cpu, metrics.cpuPct],
    [say.memory, metrics.memoryUsedBytes],
    ...metrics.gpus.flatMap((gpu) => gpuColumns(host.gpus.find(({ uuid }) => uuid === gpu.uuid)?.title, gpu)),
  ];
  const { atMs } = metrics;
  const isShown = (ms: number, at: number): boolean =>
    ms >= fromMs && ms <= toMs && !isGap(atMs, columns, at);
  const rows = atMs.flatMap((ms, at) =>
    isShown(ms, at) ? [[new Date(ms).toISOString(), ...columns.map(([, column]) => number(column[at]))]] : [],
  );
  const head = [say.time, ...columns.map(([name]) => name)].map(csvText);
  return [head, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

function gpuColumns(
  title: string | undefined,
  gpu: HostMetrics["gpus"][number],
): (readonly [string, Column])[] {
  const name = title ?? gpu.name;
  return [
    [say.gpuLoad(name), gpu.utilizationPct],
    [say.gpuMemory(name), gpu.memoryUsedBytes],
    [say.gpuTemperature(name), gpu.temperatureC],
    [say.gpuPower(name), gpu.powerW],
  ];
}

/** Whether a row is none that was read, but stands for a silence (`withGaps`). */
function isGap(
  atMs: readonly number[],
  columns: readonly (readonly [string, Column])[],
  at: number,
): boolean {
  const sinceMs = (atMs[at] ?? 0) - (atMs[at - 1] ?? -Infinity);
  return sinceMs === 1 && columns.every(([, column]) => (column[at] ?? null) === null);
}

/** At most three digits behind the point; empty for no figure. */
function number(value: number | null | undefined): string {
  return value === null || value === undefined ? "" : String(Math.round(value * 1_000) / 1_000);
}

/** A text as a cell: quoted where it must be, and never a formula. */
export function csvText(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
