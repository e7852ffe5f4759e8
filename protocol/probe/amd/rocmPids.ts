import type { GpuProcess } from "../../reading.ts";
import { jsonAmid } from "../jsonAmid.ts";
import { isRecord, looseFigure, looseText, valueAt } from "../looseFigure.ts";
import { unowned } from "../processOwners.ts";

/** A process that computes on AMD's GPUs, and on how many. rocm-smi does not say on which. */
export interface RocmProcess extends GpuProcess {
  gpuCount: number;
}

const maxProcesses = 1_000;

/**
 * Reads `rocm-smi --showpids --json`: texts like "python3, 1, 2353860608, 11011, 0" (name, GPUs, bytes of VRAM, …). Null where
 * that is no answer. A name may hold commas, so the rest is counted from the end.
 */
export function parseRocmPids(text: string): RocmProcess[] | null {
  const { value } = jsonAmid(text);
  const system = valueAt(value, "system");
  if (!isRecord(system)) return null;
  return Object.entries(system)
    .slice(0, maxProcesses)
    .flatMap(([key, row]) => {
      const pid = /^PID(\d{1,10})$/.exec(key)?.[1];
      const cells = typeof row === "string" ? row.split(",") : [];
      const gpuCount = Number(cells.at(-4) ?? Number.NaN);
      if (pid === undefined || cells.length < 5 || !Number.isInteger(gpuCount)) return [];
      const name = looseText(cells.slice(0, -4).join(","), 300) ?? "?";
      const memoryBytes = looseFigure(cells.at(-3), { min: 0, max: 1e14 });
      return [{ ...unowned({ pid: Number(pid), name, memoryBytes }), gpuCount }];
    });
}
