import type { Metric } from "../metric.ts";
import type { GpuFigures } from "./gpuFigures.ts";
import { nvidiaHealth, nvidiaThrottle } from "./nvidiaHealth.ts";
import { cellMetric, cellReason, cellText } from "./nvidiaSmiCell.ts";

/** What a line of `nvidia-smi --query-gpu=… --format=csv,noheader` is. */
export type NvidiaSmiLine =
  | { kind: "gpu"; gpu: GpuFigures; fault: boolean }
  /** A row of a GPU that does not say who it is. */
  | { kind: "nameless"; pciBusId: string | null }
  | { kind: "sentence"; text: string };

const figureFields = [
  "uuid",
  "index",
  "pci.bus_id",
  "driver_version",
  "memory.total",
  "memory.used",
  "utilization.gpu",
  "temperature.gpu",
  "power.draw",
  "enforced.power.limit",
] as const;
const uncorrected = "ecc.errors.uncorrected.volatile.total";

/**
 * Fields to ask for, best list first; one unknown field fails the whole call, so the next list asks for less.
 * Every list begins with `uuid` and ends with `name`, because a name may hold commas. The script knows which drivers the first
 * two are for.
 */
export const nvidiaSmiFieldLists = [
  // drivers from 565 on
  [
    ...figureFields,
    "clocks_event_reasons.active",
    uncorrected,
    "retired_pages.pending",
    "remapped_rows.pending",
    "remapped_rows.failure",
    "gpu_recovery_action",
    "mig.mode.current",
    "name",
  ],
  // from 450 on
  [
    ...figureFields,
    "clocks_throttle_reasons.active",
    uncorrected,
    "retired_pages.pending",
    "mig.mode.current",
    "name",
  ],
  [...figureFields, "name"],
  ["uuid", "memory.total", "memory.used", "utilization.gpu", "name"],
  ["uuid", "name"],
] as const;

/** Products whose GPU shares the machine's memory. `[N/A]` alone does not tell: a broken driver says the same. */
const unifiedName = /\b(GB10|Thor|Orin|Xavier|N1X)\b/i;
/** What the one such GPU of a machine is known by where it has no id. */
export const integratedNvidia = "integrated:nvidia";

const mib = 1024 * 1024;
const maxNameLength = 200;

/** Reads one line that answers a query for `fields`. A row in which the device is gone has no figure at all. */
export function parseNvidiaSmiLine(fields: readonly string[], line: string, atMs: number): NvidiaSmiLine {
  const cells = cellsByField(fields, line);
  if (cells === null) return { kind: "sentence", text: line.trim() };
  const name = cellText(cells.get("name") ?? "");
  const pciBusId = cellText(cells.get("pci.bus_id") ?? "");
  const uuid = uuidOf(cells.get("uuid") ?? "", name);
  if (uuid === null) {
    const isRow = [...cells.values()].some((cell) => cell !== "" && cellReason(cell) !== null);
    return isRow ? { kind: "nameless", pciBusId } : { kind: "sentence", text: line.trim() };
  }
  const fault = [...cells.values()].some((cell) => cellReason(cell) === "fault");
  const index = Number(cellText(cells.get("index") ?? "") ?? Number.NaN);
  return {
    kind: "gpu",
    fault,
    gpu: {
      uuid,
      index: Number.isInteger(index) ? index : null,
      name: (name ?? "NVIDIA GPU").slice(0, maxNameLength),
      vendor: "nvidia",
      pciBusId,
      driverVersion: cellText(cells.get("driver_version") ?? ""),
      ...figuresOf(cells, unifiedName.test(name ?? ""), fault),
      health: nvidiaHealth(cells),
      division: { kind: /^enabled$/i.test(cells.get("mig.mode.current") ?? "") ? "divided" : "whole" },
      throttle: fault
        ? null
        : nvidiaThrottle(
            cells.get("clocks_event_reasons.active") ?? cells.get("clocks_throttle_reasons.active"),
          ),
      atMs,
    },
  };
}

type Figures = Pick<
  GpuFigures,
  | "memoryKind"
  | "utilizationPct"
  | "memoryUsedBytes"
  | "memoryTotalBytes"
  | "temperatureC"
  | "powerW"
  | "powerLimitW"
>;

function figuresOf(cells: ReadonlyMap<string, string>, unified: boolean, fault: boolean): Figures {
  const figure = (field: string, limits: { min: number; max: number; scale?: number }): Metric => {
    if (fault) return { unsupported: "fault" };
    const cell = cells.get(field);
    return cell === undefined ? { unsupported: "unknown-field" } : cellMetric(cell, limits);
  };
  const memory = (field: string): Metric =>
    unified && !fault ? { unsupported: "unified" } : figure(field, { min: 0, max: 1e8, scale: mib });
  return {
    memoryKind: unified ? "unified" : "dedicated",
    utilizationPct: figure("utilization.gpu", { min: 0, max: 100 }),
    memoryUsedBytes: memory("memory.used"),
    memoryTotalBytes: memory("memory.total"),
    temperatureC: figure("temperature.gpu", { min: -60, max: 250 }),
    powerW: figure("power.draw", { min: 0, max: 20_000 }),
    powerLimitW: figure("enforced.power.limit", { min: 0, max: 20_000 }),
  };
}

function cellsByField(fields: readonly string[], line: string): ReadonlyMap<string, string> | null {
  const cells = line.split(", ");
  if (cells.length < fields.length) return null;
  const last = fields.length - 1;
  return new Map(
    fields.map((field, at) => [field, at === last ? cells.slice(last).join(", ") : (cells[at] ?? "")]),
  );
}

function uuidOf(cell: string, name: string | null): string | null {
  const text = cell.trim();
  if (/^(GPU|MIG)-[\w./-]{1,120}$/.test(text)) return text;
  // Jetsons answer [N/A] to everything but the name, and have one such GPU
  if (cellReason(text) === "not-supported" && name !== null && unifiedName.test(name)) {
    return integratedNvidia;
  }
  return null;
}
