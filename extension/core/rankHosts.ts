import type { HostId } from "../../protocol/ids.ts";
import { countedGpus } from "../../protocol/countedGpus.ts";
import { metricValue } from "../../protocol/metric.ts";
import type { GpuReading } from "../../protocol/reading.ts";
import type { Contact } from "./contact.ts";
import { formatBytes, formatRate } from "./figures.ts";
import { compareNames } from "./compareNames.ts";
import { gpuModel } from "./gpuModel.ts";
import { gpusOf, hostsInOrder, type FleetState, type KnownHost } from "./fleetState.ts";
import { isFaulty } from "./gpuUse.ts";
import { freeGpuCount } from "../../protocol/freeGpuCount.ts";
import { isFresh, statusText } from "./statusText.ts";
import { hostWords } from "./words/hostWords.ts";

const say = hostWords.choice;

/** How well a host fits, best first. */
export const hostFits = ["ready", "possible", "doubtful"] as const;
export type HostFit = (typeof hostFits)[number];

/** One choice of where to run, for a pick list. */
export interface HostChoice {
  hostId: HostId;
  name: string;
  /** `ready`: a GPU is free; `possible`: it can run there, nothing says that a GPU is free; `doubtful`: it does not answer. */
  fit: HostFit;
  /** Beside the name: status, free GPUs and rate. */
  description: string;
  /** Below: the GPUs with their free memory and load, or why not. */
  detail: string;
}

/**
 * Every host, best first: a free GPU before none free, that before no GPU, then most memory of a free GPU, then the lower rate, then the name.
 * None is left out: the service decides, and a host that was silent may answer.
 */
export function rankHosts(fleet: FleetState, contact: Contact, nowMs: number): HostChoice[] {
  return hostsInOrder(fleet)
    .map((host) => ({ host, choice: choiceOf(host, contact, nowMs) }))
    .sort(
      (a, b) =>
        hostFits.indexOf(a.choice.fit) - hostFits.indexOf(b.choice.fit) ||
        Number(hasGpus(b.host)) - Number(hasGpus(a.host)) ||
        largestFreeBytes(b.host) - largestFreeBytes(a.host) ||
        rateOf(a.host) - rateOf(b.host) ||
        compareNames(a.choice.name, b.choice.name),
    )
    .map(({ choice }) => choice);
}

function choiceOf(host: KnownHost, contact: Contact, nowMs: number): HostChoice {
  const { record } = host;
  const gpus = countedGpus(gpusOf(host));
  const fresh = isFresh(host, contact);
  const free = fresh ? freeGpuCount(gpus, record) : 0;
  const rate = record.rateMicroUsdPerHour === null ? say.noRate : formatRate(record.rateMicroUsdPerHour);
  const [status = "", ...reason] = statusText(host, contact, nowMs).split(": ");
  const count =
    gpus.length === 0
      ? record.reading?.gpuProblem
        ? say.gpusUnread
        : say.noGpu
      : say.free(free, gpus.length);
  return {
    hostId: record.id,
    name: record.name,
    fit: free > 0 ? "ready" : fresh ? "possible" : "doubtful",
    description: [status, ...(fresh ? [count] : []), rate].join(" · "),
    detail: fresh
      ? `${freshDetail(host, gpus)} · ${loadText(host, gpus)}`
      : [...(reason.length > 0 ? [reason.join(": ").replace(/\.$/, "")] : []), staleDetail(host, gpus)].join(
          " · ",
        ),
  };
}

/** How hard the host works now: its GPUs on average, or its CPU where it has none. */
function loadText(host: KnownHost, gpus: readonly GpuReading[]): string {
  if (gpus.length === 0) {
    const load = host.reading === null ? null : metricValue(host.reading.cpuPct);
    return load === null ? say.cpuUnknown : say.cpuLoad(Math.round(load));
  }
  const loads = gpus.map((gpu) => metricValue(gpu.utilizationPct)).filter((load) => load !== null);
  if (loads.length === 0) return say.gpuUnknown;
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  return say.gpuLoad(Math.round(mean), loads.length === gpus.length);
}

function freshDetail(host: KnownHost, gpus: readonly GpuReading[]): string {
  const problem = host.reading?.gpuProblem;
  if (gpus.length === 0 && problem) return say.gpusUnreadWhy(problem.detail);
  if (gpus.length === 0) return host.reading === null ? say.noReading : say.onCpu;
  return problem ? say.anotherUnread(readDetail(gpus)) : readDetail(gpus);
}

function readDetail(gpus: readonly GpuReading[]): string {
  const free = gpus.filter((gpu) => gpu.occupancy.kind === "free" && !isFaulty(gpu));
  const unknown = gpus.filter((gpu) => gpu.occupancy.kind === "unknown");
  if (free.length > 0) return `${grouped(free)}: ${memoryOf(free)}`;
  if (unknown.length > 0) return say.freeUnknown(grouped(unknown));
  return say.allInUse(grouped(gpus));
}

function staleDetail({ reading }: KnownHost, gpus: readonly GpuReading[]): string {
  if (gpus.length > 0) return say.lastSeen(grouped(gpus));
  return reading === null || reading.gpuProblem ? say.gpusUnknown : say.noGpuLastSeen;
}

/** `3 × RTX 3090, A100`. */
function grouped(gpus: readonly GpuReading[]): string {
  const counts = new Map<string, number>();
  for (const gpu of gpus) counts.set(gpuModel(gpu.name), (counts.get(gpuModel(gpu.name)) ?? 0) + 1);
  return [...counts].map(([model, count]) => (count === 1 ? model : `${count} × ${model}`)).join(", ");
}

function memoryOf(free: readonly GpuReading[]): string {
  const most = Math.max(...free.map((gpu) => freeBytes(gpu) ?? -1));
  if (most >= 0)
    return free.length === 1 ? say.freeMemory(formatBytes(most)) : say.freeMemoryEach(formatBytes(most));
  return free.some((gpu) => gpu.memoryKind === "unified") ? say.unifiedMemory : say.freeMemoryUnknown;
}

function freeBytes(gpu: GpuReading): number | null {
  const used = metricValue(gpu.memoryUsedBytes);
  const total = metricValue(gpu.memoryTotalBytes);
  return used === null || total === null ? null : Math.max(0, total - used);
}

function largestFreeBytes(host: KnownHost): number {
  const free = countedGpus(gpusOf(host)).filter((gpu) => gpu.occupancy.kind === "free");
  return Math.max(-1, ...free.map((gpu) => freeBytes(gpu) ?? -1));
}

function hasGpus(host: KnownHost): boolean {
  return gpusOf(host).length > 0 || Boolean(host.reading?.gpuProblem);
}

function rateOf(host: KnownHost): number {
  return host.record.rateMicroUsdPerHour ?? Number.MAX_SAFE_INTEGER;
}
