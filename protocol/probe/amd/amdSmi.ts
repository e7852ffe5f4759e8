import type { Metric } from "../../metric.ts";
import type { GpuProcess } from "../../reading.ts";
import { jsonAmid } from "../jsonAmid.ts";
import { firstFigure, isRecord, looseFigure, looseText, valueAt } from "../looseFigure.ts";
import { pciAddressIn } from "../pciAddress.ts";
import { amdProblem, type AmdAnswer, type AmdPart } from "./amdAnswer.ts";
import { unowned } from "../processOwners.ts";

const mib = 1024 * 1024;
const maxGpus = 256;
const maxProcesses = 1_000;

/**
 * Reads an answer of `amd-smi list|static|metric|process --json`, of whatever version: a bare list or one in `gpu_data`,
 * leaves that are `{value, unit}` or texts, sections that are "N/A". Its "MB" are MiB.
 */
export function parseAmdSmi(text: string): AmdAnswer {
  const { value, said } = jsonAmid(text);
  const list = Array.isArray(value) ? value : valueAt(value, "gpu_data");
  const problem = amdProblem(said);
  if (!Array.isArray(list)) {
    return {
      parts: [],
      problem: problem ?? { code: "tool-message", detail: "amd-smi gave no list of GPUs" },
    };
  }
  return { parts: list.slice(0, maxGpus).flatMap((gpu: unknown) => partOf(gpu) ?? []), problem };
}

function partOf(gpu: unknown): AmdPart | null {
  const number = valueAt(gpu, "gpu");
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0) return null;
  return {
    number,
    pciAddress: pciAddressIn(looseText(valueAt(gpu, "bdf")) ?? looseText(valueAt(gpu, "bus", "bdf")) ?? ""),
    name: looseText(valueAt(gpu, "asic", "market_name")) ?? looseText(valueAt(gpu, "board", "product_name")),
    driverVersion: driverOf(valueAt(gpu, "driver")),
    figures: figuresOf(gpu),
    processes: processesOf(valueAt(gpu, "process_list")),
  };
}

function figuresOf(gpu: unknown): AmdPart["figures"] {
  const first = (limits: Parameters<typeof looseFigure>[1], ...paths: readonly string[]): Metric =>
    firstFigure(paths.map((path) => looseFigure(valueAt(gpu, ...path.split(".")), limits)));
  const memory = { min: 0, max: 1e8, scale: mib };
  const degrees = { min: -60, max: 250 };
  const watts = { min: 0, max: 20_000 };
  return {
    utilizationPct: first({ min: 0, max: 100 }, "usage.gfx_activity"),
    vramTotalBytes: first(memory, "mem_usage.total_vram", "vram.size"),
    vramUsedBytes: first(memory, "mem_usage.used_vram"),
    gttTotalBytes: first(memory, "mem_usage.total_gtt"),
    gttUsedBytes: first(memory, "mem_usage.used_gtt"),
    temperatureC: first(degrees, "temperature.edge", "temperature.hotspot", "temperature.mem"),
    powerW: first(watts, "power.socket_power", "power.current_socket_power", "power.average_socket_power"),
    powerLimitW: first(watts, "limit.socket_power", "limit.ppt0.socket_power_limit", "limit.max_power"),
  };
}

/** `version` is at times the whole of /proc/version, squeezed, where the kernel's own module runs. */
function driverOf(driver: unknown): string | null {
  if (typeof driver === "string") return looseText(driver.replace(/^amdgpu\s+/, ""));
  for (const key of ["version", "VERSION", "driver_version"]) {
    const version = looseText(valueAt(driver, key));
    if (version === null) continue;
    return /^Linux ?version ?(\d[\w.-]*?)(?:\(|$)/.exec(version)?.[1] ?? version.slice(0, 60);
  }
  return null;
}

/** The list of processes may be empty, hold a sentence instead of a process, or be no list. */
function processesOf(list: unknown): GpuProcess[] | null {
  if (!Array.isArray(list)) return null;
  return list.slice(0, maxProcesses).flatMap((item: unknown) => {
    const info = valueAt(item, "process_info");
    const pid = valueAt(info, "pid");
    if (!isRecord(info) || typeof pid !== "number" || !Number.isInteger(pid) || pid < 1) return [];
    const bytes = { min: 0, max: 1e14 };
    const memoryBytes = firstFigure([
      looseFigure(valueAt(info, "memory_usage", "vram_mem"), bytes),
      looseFigure(valueAt(info, "mem_usage"), bytes),
      looseFigure(valueAt(info, "mem"), bytes),
    ]);
    return [unowned({ pid, name: looseText(info["name"], 300) ?? "?", memoryBytes })];
  });
}
