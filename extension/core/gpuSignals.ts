import { metricValue } from "../../protocol/metric.ts";
import type { GpuReading, HostReading } from "../../protocol/reading.ts";
import type { AlertSettings } from "./alertSettings.ts";
import { isFaulty } from "./gpuUse.ts";

/** Something about a host's GPUs that a person may be told of, by its newest reading. */
export interface GpuSignal {
  /** What it is about: the same from reading to reading. */
  key: string;
  kind: "fault" | "hot" | "full";
  /** `over`: it holds. `between`: it neither begins nor ends. `under`: it does not hold. */
  level: "over" | "between" | "under";
  /** How long it must hold. */
  forMs: number;
  /** While it holds, another mark is something new to tell. */
  mark: string;
  fact: GpuFact;
}

/** What is said of it: which GPU, where it is one, and the figure or what the tool said. */
export interface GpuFact {
  index: number | null;
  name: string | null;
  value: number | null;
  detail: string | null;
}

/** So far below its limit a figure must be before it counts as below: degrees, or percent. */
const slack = 5;
/** A fault must be in two readings: tools stumble. */
const faultForMs = 5_000;

/** Problems of reading GPUs that are no fault. */
const harmless: ReadonlySet<string> = new Set(["gpu-asleep", "tool-message", "unknown-field"]);

/** Every signal of a reading; what could not be read gives none. */
export function gpuSignals(reading: HostReading, settings: AlertSettings): GpuSignal[] {
  const ofGpus = reading.gpus.flatMap((gpu) => [...hot(gpu, settings), ...full(gpu, settings)]);
  return settings.isFaultTold ? [...faults(reading), ...ofGpus] : ofGpus;
}

/** What is broken: by the figures of each GPU, else by what keeps the host's GPUs from being read. */
function faults({ gpus, gpuProblem }: HostReading): GpuSignal[] {
  const signal = (key: string, fact: GpuFact): GpuSignal => ({
    key: `fault:${key}`,
    kind: "fault",
    level: "over",
    forMs: faultForMs,
    mark: "",
    fact,
  });
  const detail = gpuProblem?.detail ?? null;
  const broken = gpus
    .filter((gpu) => isFaulty(gpu) || gpu.health.kind === "fault")
    .map((gpu) => {
      const { index, name, uuid, health } = gpu;
      const reasons = health.kind === "fault" ? health.reasons : [];
      const codes = reasons.map(({ code }) => code).join(" ");
      const said = reasons.length > 0 ? reasons.map(({ text }) => text).join("; ") : detail;
      return { ...signal(uuid, { index, name, value: null, detail: said }), mark: codes };
    });
  if (broken.length > 0 || gpuProblem === null || harmless.has(gpuProblem.code)) return broken;
  return [signal(gpuProblem.code, { index: null, name: null, value: null, detail })];
}

function hot(gpu: GpuReading, { hotAtC, hotForMs }: AlertSettings): GpuSignal[] {
  if (hotAtC === null) return [];
  const celsius = metricValue(gpu.temperatureC);
  const level = levelOf(celsius, hotAtC);
  return [
    { key: `hot:${gpu.uuid}`, kind: "hot", level, forMs: hotForMs, mark: "", fact: factOf(gpu, celsius) },
  ];
}

/** Filled on purpose or not: it is told once for the processes that are there. */
function full(gpu: GpuReading, { fullAtPct }: AlertSettings): GpuSignal[] {
  const used = metricValue(gpu.memoryUsedBytes);
  const total = metricValue(gpu.memoryTotalBytes);
  if (fullAtPct === null) return [];
  const percent = used === null || total === null || total <= 0 ? null : (100 * used) / total;
  const level = levelOf(percent, fullAtPct);
  const { occupancy } = gpu;
  const pids = occupancy.kind === "busy" ? occupancy.processes.map(({ pid }) => pid) : [];
  const mark = pids.sort((a, b) => a - b).join(" ");
  return [{ key: `full:${gpu.uuid}`, kind: "full", level, forMs: 0, mark, fact: factOf(gpu, percent) }];
}

/** A figure that could not be read changes nothing. */
function levelOf(value: number | null, limit: number): GpuSignal["level"] {
  if (value === null) return "between";
  if (value >= limit) return "over";
  return value > limit - slack ? "between" : "under";
}

function factOf({ index, name }: GpuReading, value: number | null): GpuFact {
  return { index, name, value, detail: null };
}
