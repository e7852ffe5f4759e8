import type { Metric } from "../../metric.ts";
import type { GpuProcess, GpuReading, Occupancy } from "../../reading.ts";
import { healthByErrors, healthWithoutFigures, nothingSaid } from "../gpuHealth.ts";
import { toolStartMs, type GpuSnapshot } from "../gpuBoard.ts";
import type { GpuFigures } from "../gpuFigures.ts";
import type { GpuProblem } from "../gpuProblem.ts";
import { looseFigure, type FigureLimits } from "../looseFigure.ts";
import { occupancyOf, type ProcessList } from "../occupancy.ts";
import { pciAddressIn } from "../pciAddress.ts";
import { amdKey, amdMemory } from "./amdGpus.ts";
import { unowned } from "../processOwners.ts";

type Measured = Omit<
  GpuFigures,
  "uuid" | "index" | "name" | "vendor" | "pciBusId" | "driverVersion" | keyof typeof nothingSaid
>;

/** What the driver's files say of a GPU. */
interface Device {
  pciAddress: string;
  index: number;
  name: string;
  /** By which the kernel's list of processes names it, and each of its parts; empty where it computes for nobody. */
  kfdIds: Set<string>;
  /** The last figures; null before the first, and of one that sleeps since then. */
  measured: Measured | null;
  /** Memory errors that could not be corrected, since the driver was loaded; null where it does not say. */
  errors: number | null;
  /** Why there are none now. */
  trouble: "asleep" | "gpu-lost" | null;
}

const maxDevices = 64;
/** Of one card. */
const maxParts = 64;
const maxProcesses = 1_000;
const bytes = { min: 0, max: 1e14 };

/**
 * The GPUs of AMD on a host, from the lines `D` of the script: what the driver tells in /sys, without a tool, sample by
 * sample. A GPU that was there and of which nothing is said any more is in fault, not gone, and so are all where no sample
 * comes: then the driver does not answer.
 */
export class AmdBoard {
  #devices = new Map<string, Device>();
  #told = new Set<string>();
  #list: "known" | "not-supported" | "denied" = "not-supported";
  #nextList: "known" | "not-supported" | "denied" = "not-supported";
  #processes: { kfdId: string; process: GpuProcess }[] = [];
  #nextProcesses: { kfdId: string; process: GpuProcess }[] = [];
  #isWedged = false;
  /** When the last sample was whole, and within which time the next one is to come. */
  #sampled: { atMs: number; everyMs: number } | null = null;
  readonly #startedAtMs: number;

  /** `known`: GPUs of an earlier reading of this host, so that they can be missed. */
  constructor(startedAtMs: number, known: readonly GpuReading[] = []) {
    this.#startedAtMs = startedAtMs;
    for (const {
      uuid,
      index,
      name,
      vendor,
      pciBusId,
      driverVersion: _,
      occupancy: __,
      health: ___,
      throttle: ____,
      division: _____,
      ...measured
    } of known) {
      if (vendor !== "amd" || pciBusId === null || uuid !== amdKey(pciBusId, 0)) continue;
      this.#devices.set(pciBusId, { ...aDevice(pciBusId, index ?? 0), name, measured });
    }
  }

  /** Whether a sample was whole, or none will come. */
  get answered(): boolean {
    return this.#sampled !== null || this.#isWedged;
  }

  /** The machine was started anew: GPUs of before need not be there any more. */
  forgetKnown(): void {
    this.#devices.clear();
  }

  /** Takes the text of a line: whether it made sense, and whether a sample is whole with it. */
  line(text: string, nowMs: number): "sample" | "part" | "garbage" {
    const [first = "", verb = "", ...cells] = text.split(" ");
    if (first === "-") return this.#hostLine(verb, cells, nowMs);
    const pciAddress = pciAddressIn(first);
    if (pciAddress === null) return "garbage";
    if (verb === "kfd") return this.#computes(pciAddress, cells[0] ?? "");
    const known = this.#devices.get(pciAddress);
    if (known === undefined && this.#devices.size >= maxDevices) return "garbage";
    const next = told(known ?? aDevice(pciAddress, this.#devices.size), verb, cells, nowMs);
    if (next === null) return "garbage";
    this.#told.add(pciAddress);
    this.#devices.set(pciAddress, next);
    return "part";
  }

  /** A place without its last digit, since there the parts of a card have a number of their own. */
  #computes(place: string, kfdId: string): "part" | "garbage" {
    if (!/^\d{1,10}$/.test(kfdId)) return "garbage";
    for (const [address, { kfdIds }] of this.#devices)
      if (address.slice(0, -1) === place.slice(0, -1) && kfdIds.size < maxParts) kfdIds.add(kfdId);
    return "part";
  }

  /** All GPUs in the order in which the kernel has them, with what is wrong. */
  snapshot(nowMs: number): GpuSnapshot {
    const silentMs = nowMs - (this.#sampled?.atMs ?? this.#startedAtMs);
    const isSilent = silentMs > (this.#sampled ? 3 * this.#sampled.everyMs + 2_000 : toolStartMs);
    const why = this.#isWedged ? "wedged" : isSilent ? "no-answer" : null;
    const devices = [...this.#devices.values()].sort((a, b) => a.index - b.index);
    const gpus = devices.map((device) => this.#reading(device, why));
    if (devices.length === 0 && !this.#isWedged) return { gpus, gpuProblem: null };
    return { gpus, gpuProblem: this.#problem(devices, why, silentMs) };
  }

  #hostLine(verb: string, cells: readonly string[], nowMs: number): "sample" | "part" | "garbage" {
    switch (verb) {
      case "wedged":
        this.#isWedged = true;
        return "sample";
      case "listed":
      case "hidden":
        this.#nextList = verb === "listed" ? "known" : "denied";
        return "part";
      case "by":
        return this.#process(cells);
      case "end": {
        const everyS = Number(cells[0]);
        if (!Number.isInteger(everyS) || everyS < 1 || everyS > 3_600) return "garbage";
        this.#end(nowMs, everyS * 1_000);
        return "sample";
      }
      default:
        return "garbage";
    }
  }

  #process([kfdId = "", pid = "", used = "", ...name]: readonly string[]): "part" | "garbage" {
    if (!/^\d{1,10}$/.test(pid) || this.#nextProcesses.length >= maxProcesses) return "garbage";
    const memoryBytes = looseFigure(used, bytes);
    const process = unowned({ pid: Number(pid), name: name.join(" ") || "?", memoryBytes });
    this.#nextProcesses.push({ kfdId, process });
    return "part";
  }

  #end(atMs: number, everyMs: number): void {
    this.#sampled = { atMs, everyMs };
    this.#isWedged = false;
    this.#list = this.#nextList;
    this.#processes = this.#nextProcesses;
    for (const [address, device] of this.#devices)
      if (!this.#told.has(address)) this.#devices.set(address, { ...device, trouble: "gpu-lost" });
    this.#nextList = "not-supported";
    this.#nextProcesses = [];
    this.#told.clear();
  }

  #problem(
    devices: readonly Device[],
    why: "wedged" | "no-answer" | null,
    silentMs: number,
  ): GpuProblem | null {
    if (why === "wedged") return { code: why, detail: "a shell that reads a GPU of AMD hangs in the driver" };
    if (why === "no-answer")
      return { code: why, detail: `the driver of AMD has not answered for ${silentMs} ms` };
    for (const code of ["gpu-lost", "asleep"] as const) {
      const detail = devices
        .filter(({ trouble }) => trouble === code)
        .map(({ pciAddress }) => pciAddress)
        .join(", ");
      if (detail !== "") return { code: code === "asleep" ? "gpu-asleep" : code, detail };
    }
    return null;
  }

  #reading(device: Device, why: "wedged" | "no-answer" | null): GpuReading {
    const { pciAddress, index, name, measured } = device;
    const uuid = amdKey(pciAddress, index);
    const common = {
      uuid,
      index,
      name,
      vendor: "amd" as const,
      pciBusId: pciAddress,
      driverVersion: null,
      ...nothingSaid,
    };
    const { errors } = device;
    const trouble = why ?? device.trouble;
    if (trouble !== null || measured === null) {
      const reason = trouble === "asleep" || trouble === null ? "not-measured" : "fault";
      const occupancy = { kind: "unknown" as const, reason: trouble ?? "not-measured" };
      const health = healthWithoutFigures(trouble ?? "not-measured");
      return { ...common, ...withoutFigures(measured, reason), occupancy, health };
    }
    const health = errors === null ? nothingSaid.health : healthByErrors(errors);
    return { ...common, ...measured, occupancy: this.#occupancy(device, measured), health };
  }

  #occupancy({ kfdIds }: Device, measured: Measured): Occupancy {
    const own = this.#processes.filter(({ kfdId }) => kfdIds.has(kfdId)).map(({ process }) => process);
    const reason = this.#list !== "known" ? this.#list : kfdIds.size === 0 ? "not-supported" : null;
    const processes: ProcessList =
      reason === null ? { kind: "known", processes: own } : { kind: "unknown", reason };
    return occupancyOf({ ...measured, processes });
  }
}

function aDevice(pciAddress: string, index: number): Device {
  return {
    pciAddress,
    index,
    name: "AMD GPU",
    kfdIds: new Set(),
    measured: null,
    errors: null,
    trouble: null,
  };
}

/** A device after a line about it; null where the line makes no sense. */
function told(device: Device, verb: string, cells: readonly string[], nowMs: number): Device | null {
  switch (verb) {
    case "is":
      return { ...device, name: cells.join(" ").trim().slice(0, 200) || device.name };
    case "asleep":
      return { ...device, trouble: "asleep" };
    case "errors":
      if (!/^\d{1,15}$/.test(cells[0] ?? "")) return null;
      return { ...device, errors: Number(cells[0]) };
    case "at":
      if (cells.length !== 8) return null;
      return { ...device, trouble: null, measured: measuredOf(device.name, cells, nowMs) };
    default:
      return null;
  }
}

function measuredOf(name: string, cells: readonly string[], atMs: number): Measured {
  const figure = (at: number, limits: FigureLimits): Metric => looseFigure(cells[at], limits);
  const watts = { min: 0, max: 20_000e6 };
  const memory = {
    vramTotalBytes: figure(1, bytes),
    vramUsedBytes: figure(2, bytes),
    gttTotalBytes: figure(3, bytes),
    gttUsedBytes: figure(4, bytes),
  };
  return {
    ...amdMemory(name === "AMD GPU" ? null : name, memory),
    utilizationPct: figure(0, { min: 0, max: 100 }),
    temperatureC: divided(figure(5, { min: -60_000, max: 250_000 }), 1e3),
    powerW: divided(figure(6, watts), 1e6),
    powerLimitW: divided(figure(7, watts), 1e6),
    atMs,
  };
}

function divided(metric: Metric, by: number): Metric {
  return "value" in metric ? { value: metric.value / by } : metric;
}

/** Of a GPU whose memory may be known from before. */
function withoutFigures(measured: Measured | null, reason: "fault" | "not-measured"): Measured {
  const none: Metric = { unsupported: reason };
  const total = measured?.memoryTotalBytes;
  return {
    memoryKind: measured?.memoryKind ?? "dedicated",
    memoryTotalBytes: total !== undefined && "value" in total ? total : none,
    memoryUsedBytes: none,
    utilizationPct: none,
    temperatureC: none,
    powerW: none,
    powerLimitW: none,
    atMs: measured?.atMs ?? 0,
  };
}
