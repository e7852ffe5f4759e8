import type { Metric } from "../metric.ts";
import type { GpuProcess } from "../reading.ts";
import { looseFigure } from "./looseFigure.ts";
import { pciAddressIn } from "./pciAddress.ts";
import { unowned } from "./processOwners.ts";

/** What `nvidia-smi -q` says of the instances of one GPU, and of the processes there. */
export interface MigParts {
  /** By their number among those of the GPU. */
  parts: Map<number, MigPart>;
  processes: { place: string; process: GpuProcess }[];
  /** Places of processes that this login may not know. */
  hidden: Set<string>;
}

/** One of them. */
export interface MigPart {
  /** Numbers of the GPU instance and of the compute instance in it. */
  place: string;
  totalBytes: Metric;
  usedBytes: Metric;
}

const maxGpus = 256;
const maxParts = 64;
const maxProcesses = 1_000;
const mib = { min: 0, max: 1e8, scale: 1024 * 1024 };

/**
 * Reads what the script has left of `nvidia-smi -q`: `part ADDRESS NUMBER GI CI TOTAL USED` and
 * `by ADDRESS GI CI PID USED NAME`, memory in MiB. By PCI address; what makes no sense is passed over.
 */
export function parseMigParts(text: string): Map<string, MigParts> {
  const gpus = new Map<string, MigParts>();
  for (const line of text.split("\n")) {
    const [verb, where = "", ...cells] = line.trim().split(" ");
    const address = pciAddressIn(where);
    if (address === null || (verb !== "part" && verb !== "by")) continue;
    const known = gpus.get(address);
    if (known === undefined && gpus.size >= maxGpus) continue;
    const gpu = known ?? { parts: new Map(), processes: [], hidden: new Set() };
    gpus.set(address, gpu);
    if (verb === "part") addPart(gpu, cells);
    else addProcess(gpu, cells);
  }
  return gpus;
}

function addPart({ parts }: MigParts, [device = "", gi = "", ci = "", total, used]: readonly string[]): void {
  const place = placeOf(gi, ci);
  if (place === null || !/^\d{1,3}$/.test(device) || parts.size >= maxParts) return;
  parts.set(Number(device), {
    place,
    totalBytes: looseFigure(total, mib),
    usedBytes: looseFigure(used, mib),
  });
}

function addProcess(gpu: MigParts, [gi = "", ci = "", pid = "", used, ...name]: readonly string[]): void {
  const place = placeOf(gi, ci);
  if (place === null || gpu.processes.length + gpu.hidden.size >= maxProcesses) return;
  if (!/^\d{1,10}$/.test(pid)) {
    gpu.hidden.add(place);
    return;
  }
  const memoryBytes = looseFigure(used, mib);
  const process = unowned({ pid: Number(pid), name: name.join(" ").slice(0, 300) || "?", memoryBytes });
  gpu.processes.push({ place, process });
}

function placeOf(gi: string, ci: string): string | null {
  return /^\d{1,5}$/.test(gi) && /^\d{1,5}$/.test(ci) ? `${gi}/${ci}` : null;
}
