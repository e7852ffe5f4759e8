import type { Metric } from "../metric.ts";
import type { GpuReading, Occupancy } from "../reading.ts";
import { withoutFigures } from "./gpuBoard.ts";
import { parseMigParts, type MigPart, type MigParts } from "./migParts.ts";
import { parseNvidiaSmiList, type ListedInstance } from "./nvidiaSmiList.ts";
import { occupancyOf, type ProcessList } from "./occupancy.ts";
import { pciAddressIn } from "./pciAddress.ts";
import { ToolLines } from "./toolLines.ts";

const none: Metric = { unsupported: "not-supported" };
const notMeasured: Metric = { unsupported: "not-measured" };

/**
 * The instances (MIG) of divided GPUs, from the lines `N` of the script: `list` (`nvidia-smi -L`, at the start and when they
 * change) names them, `parts` (what is left of `nvidia-smi -q`) says their memory and who uses them, now and then.
 */
export class MigBoard {
  readonly #lines = new ToolLines();
  /** By the uuid of their GPU. */
  #instances: Map<string, readonly ListedInstance[]>;
  #parts: { byAddress: Map<string, MigParts>; atMs: number } | null = null;
  #everyMs = 0;
  #isListed = false;
  #isAsked = false;

  /** `known`: GPUs of an earlier reading. */
  constructor(known: readonly GpuReading[]) {
    this.#instances = knownInstances(known);
  }

  /** Whether both have been heard, or will not be. */
  get answered(): boolean {
    return this.#isListed && this.#isAsked;
  }

  /** The machine was started anew. */
  forgetKnown(): void {
    this.#instances.clear();
  }

  /** Takes the text of a line `N`; true with the first whole answer, which is worth a reading: later ones go along with figures. */
  line(text: string, nowMs: number): boolean {
    const wasAnswered = this.answered;
    this.#take(text, nowMs);
    return this.answered && !wasAnswered;
  }

  #take(text: string, nowMs: number): void {
    const line = this.#lines.line(text);
    if (line?.kind === "wedged") this.#isListed = this.#isAsked = true;
    if (line?.kind === "asked") this.#everyMs = line.everyMs;
    if (line?.kind !== "answer") return;
    if (line.name === "list") {
      this.#isListed = true;
      const listed = parseNvidiaSmiList(line.text);
      // Where the tool fails those of before stay: they are still there as far as anybody knows.
      if (line.code === 0 || listed.length > 0)
        this.#instances = new Map(listed.map(({ uuid, instances }) => [uuid, instances]));
    } else if (line.name === "parts") {
      this.#isAsked = true;
      const byAddress = parseMigParts(line.text);
      if (line.code === 0 || byAddress.size > 0) this.#parts = { byAddress, atMs: nowMs };
    }
  }

  /** GPUs with their instances after each; `listOf`: what the process query says under an instance's own uuid. */
  joined(gpus: readonly GpuReading[], listOf: (uuid: string) => ProcessList, nowMs: number): GpuReading[] {
    return gpus.flatMap((gpu) => {
      const instances = this.#instances.get(gpu.uuid) ?? [];
      if (gpu.division.kind !== "divided" && instances.length === 0) return [gpu];
      const parts = instances.map((one) => this.#instance(gpu, one, instances.length, listOf, nowMs));
      return [{ ...gpu, division: { kind: "divided" }, occupancy: useOfDivided(gpu, parts) }, ...parts];
    });
  }

  #instance(
    gpu: GpuReading,
    { uuid, profile, device }: ListedInstance,
    count: number,
    listOf: (uuid: string) => ProcessList,
    nowMs: number,
  ): GpuReading {
    const told = this.#partsOf(gpu, nowMs);
    const part = told?.parts.get(device);
    const instance: GpuReading = {
      ...gpu,
      uuid,
      index: null,
      name: `${gpu.name} MIG ${profile}`,
      division: { kind: "instance", of: gpu.uuid },
      utilizationPct: none,
      memoryTotalBytes: part?.totalBytes ?? notMeasured,
      memoryUsedBytes: part?.usedBytes ?? notMeasured,
      temperatureC: none,
      powerW: none,
      powerLimitW: none,
      atMs: part === undefined ? gpu.atMs : (this.#parts?.atMs ?? gpu.atMs),
    };
    const used = gpu.memoryUsedBytes;
    const isSick = "unsupported" in used && (used.unsupported === "fault" || used.unsupported === "error");
    if (isSick) {
      const why = gpu.occupancy.kind === "unknown" ? gpu.occupancy.reason : used.unsupported;
      return { ...withoutFigures(instance, used.unsupported, why), health: gpu.health };
    }
    return { ...instance, occupancy: useOf(instance, gpu, count, listOf(uuid), told, part) };
  }

  /** Null where nothing was said lately. */
  #partsOf(gpu: GpuReading, nowMs: number): MigParts | null {
    if (this.#parts === null || nowMs - this.#parts.atMs > 3 * this.#everyMs + 10_000) return null;
    const address = gpu.pciBusId === null ? null : pciAddressIn(gpu.pciBusId);
    return address === null ? null : (this.#parts.byAddress.get(address) ?? null);
  }
}

/**
 * Who uses an instance: by its own processes where they are told; else by those of its GPU, where that leaves no question: there
 * are none, or it has one instance.
 */
function useOf(
  instance: GpuReading,
  gpu: GpuReading,
  count: number,
  own: ProcessList,
  told: MigParts | null,
  part: MigPart | undefined,
): Occupancy {
  if (own.kind === "known" && own.processes.length > 0)
    return { kind: "busy", processes: [...own.processes] };
  if (told !== null && part !== undefined) {
    const here = told.processes.filter(({ place }) => place === part.place).map(({ process }) => process);
    const processes: ProcessList =
      here.length === 0 && told.hidden.has(part.place)
        ? { kind: "unknown", reason: "denied" }
        : { kind: "known", processes: here };
    return occupancyOf({ ...instance, processes });
  }
  if (gpu.occupancy.kind !== "busy" || count === 1) return gpu.occupancy;
  return { kind: "unknown", reason: "unplaced" };
}

/** Only processes of which no instance is known to have them are said of the whole. */
function useOfDivided({ occupancy }: GpuReading, parts: readonly GpuReading[]): Occupancy {
  const placed = new Set(parts.flatMap((part) => pidsOf(part.occupancy)));
  const isUnplaced = pidsOf(occupancy).some((pid) => !placed.has(pid));
  if (isUnplaced || (occupancy.kind === "unknown" && parts.length === 0)) return occupancy;
  return { kind: "unknown", reason: "divided" };
}

function pidsOf(occupancy: Occupancy): number[] {
  return occupancy.kind === "busy" ? occupancy.processes.map(({ pid }) => pid) : [];
}

function knownInstances(known: readonly GpuReading[]): Map<string, readonly ListedInstance[]> {
  const instances = new Map<string, ListedInstance[]>();
  for (const { uuid, name, division } of known) {
    if (division.kind !== "instance") continue;
    const before = instances.get(division.of) ?? [];
    const profile = name.slice(name.lastIndexOf(" ") + 1);
    instances.set(division.of, [...before, { uuid, profile, device: before.length }]);
  }
  return instances;
}
