import type { Metric } from "../../metric.ts";
import type { GpuProcess, GpuReading, Occupancy } from "../../reading.ts";
import type { GpuFigures } from "../gpuFigures.ts";
import type { GpuProblem } from "../gpuProblem.ts";
import { looseFigure, type FigureLimits } from "../looseFigure.ts";
import { occupancyOf, type ProcessList } from "../occupancy.ts";
import { pciAddressIn } from "../pciAddress.ts";
import { amdKey, amdMemory } from "./amdGpus.ts";

/** What the driver's files say of a GPU at a tick; cells are `-` where there is no such file. */
interface Device {
  pciAddress: string;
  index: number;
  name: string;
  /** By which the kernel's list of processes names it; null where it computes for nobody. */
  kfdId: string | null;
  isAsleep: boolean;
  /** Whether the last tick spoke of it. */
  isThere: boolean;
  figures: Omit<GpuFigures, "uuid" | "index" | "name" | "vendor" | "pciBusId" | "driverVersion"> | null;
}

const maxDevices = 64;
const maxProcesses = 1_000;
const bytes = { min: 0, max: 1e14 };
const micro = 1e-6;

/**
 * The GPUs of AMD on a host, from the lines `D` of the script: what the driver tells in /sys at each tick, without a tool.
 * A GPU that was there and of which nothing is said any more is in fault, not gone.
 */
export class AmdBoard {
  #devices = new Map<string, Device>();
  #list: "known" | "not-supported" | "denied" = "not-supported";
  #isListed = false;
  #isHidden = false;
  #seen = new Set<string>();
  #processes: { kfdId: string; process: GpuProcess }[] = [];
  #shown: { kfdId: string; process: GpuProcess }[] = [];

  /** `known`: GPUs of an earlier reading of this host, so that they can be missed. */
  constructor(known: readonly GpuReading[] = []) {
    for (const { uuid, pciBusId, index, name, vendor } of known) {
      if (vendor !== "amd" || pciBusId === null || uuid !== amdKey(pciBusId, 0)) continue;
      this.#devices.set(pciBusId, aDevice(pciBusId, index ?? 0, name));
    }
  }

  /** The machine was started anew: GPUs of before need not be there any more. */
  forgetKnown(): void {
    this.#devices.clear();
  }

  /** Takes the text of a line. Says whether it made sense. */
  line(text: string, nowMs: number): boolean {
    const [first = "", verb = "", ...cells] = text.split(" ");
    if (first === "-") return this.#hostLine(verb, cells);
    const pciAddress = pciAddressIn(first);
    if (pciAddress === null || (!this.#devices.has(pciAddress) && this.#devices.size >= maxDevices))
      return false;
    this.#seen.add(pciAddress);
    const known = this.#devices.get(pciAddress) ?? aDevice(pciAddress, this.#devices.size, "AMD GPU");
    const next = told(known, verb, cells, nowMs);
    if (next === null) return false;
    this.#devices.set(pciAddress, next);
    return true;
  }

  /** All lines of a tick have come. */
  tick(): void {
    this.#list = !this.#isListed ? "not-supported" : this.#isHidden ? "denied" : "known";
    this.#shown = this.#processes;
    for (const [address, device] of this.#devices)
      this.#devices.set(address, { ...device, isThere: this.#seen.has(address) });
    this.#isListed = false;
    this.#isHidden = false;
    this.#processes = [];
    this.#seen.clear();
  }

  /** All GPUs in the order of their addresses, with what is wrong. */
  snapshot(): { gpus: GpuReading[]; gpuProblem: GpuProblem | null } {
    const devices = [...this.#devices.values()].filter(
      ({ figures, isThere }) => figures !== null || !isThere,
    );
    const asleep = [...this.#devices.values()].filter(({ isAsleep, isThere }) => isAsleep && isThere);
    const lost = devices.filter(({ isThere }) => !isThere);
    const gpus = [...new Set([...devices, ...asleep])].map((device) => this.#reading(device));
    gpus.sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
    const addresses = (some: readonly Device[]) => some.map(({ pciAddress }) => pciAddress).join(", ");
    if (lost.length > 0) return { gpus, gpuProblem: { code: "gpu-lost", detail: addresses(lost) } };
    if (asleep.length > 0) return { gpus, gpuProblem: { code: "gpu-asleep", detail: addresses(asleep) } };
    return { gpus, gpuProblem: null };
  }

  #hostLine(verb: string, cells: readonly string[]): boolean {
    if (verb === "listed") return (this.#isListed = true);
    if (verb === "hidden") return (this.#isHidden = true);
    const [kfdId = "", pid = "", used = "", ...name] = cells;
    if (verb !== "by" || !/^\d{1,10}$/.test(pid) || this.#processes.length >= maxProcesses) return false;
    const memoryBytes = looseFigure(used, bytes);
    // A process that has the GPU open, and holds and computes nothing there.
    if ("value" in memoryBytes && memoryBytes.value === 0) return true;
    this.#processes.push({ kfdId, process: { pid: Number(pid), name: name.join(" ") || "?", memoryBytes } });
    return true;
  }

  #reading(device: Device): GpuReading {
    const { pciAddress, index, name, figures, isAsleep, isThere } = device;
    const common = {
      uuid: amdKey(pciAddress, index),
      index,
      name,
      vendor: "amd" as const,
      pciBusId: pciAddress,
      driverVersion: null,
    };
    if (!isThere)
      return { ...common, ...nothing("fault", figures), occupancy: { kind: "unknown", reason: "gpu-lost" } };
    if (isAsleep || figures === null)
      return {
        ...common,
        ...nothing("not-measured", figures),
        occupancy: { kind: "unknown", reason: "asleep" },
      };
    return { ...common, ...figures, occupancy: this.#occupancy(device, figures) };
  }

  #occupancy({ kfdId }: Device, figures: NonNullable<Device["figures"]>): Occupancy {
    const own = this.#shown.filter((one) => one.kfdId === kfdId).map(({ process }) => process);
    const processes: ProcessList =
      this.#list !== "known"
        ? { kind: "unknown", reason: this.#list }
        : kfdId === null
          ? { kind: "unknown", reason: "not-supported" }
          : { kind: "known", processes: own };
    return occupancyOf({ ...figures, processes });
  }
}

function aDevice(pciAddress: string, index: number, name: string): Device {
  return { pciAddress, index, name, kfdId: null, isAsleep: false, isThere: false, figures: null };
}

/** A device after a line about it; null where the line makes no sense. */
function told(device: Device, verb: string, cells: readonly string[], nowMs: number): Device | null {
  switch (verb) {
    case "is":
      return { ...device, name: cells.join(" ").trim().slice(0, 200) || device.name, isThere: true };
    case "kfd":
      return { ...device, kfdId: cells[0] ?? null };
    case "asleep":
      return { ...device, isAsleep: true, isThere: true };
    case "at":
      if (cells.length !== 8) return null;
      return { ...device, isAsleep: false, isThere: true, figures: figuresOf(device.name, cells, nowMs) };
    default:
      return null;
  }
}

function figuresOf(name: string, cells: readonly string[], nowMs: number): NonNullable<Device["figures"]> {
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
    temperatureC: scaled(figure(5, { min: -60_000, max: 250_000 }), 1e-3),
    powerW: scaled(figure(6, watts), micro),
    powerLimitW: scaled(figure(7, watts), micro),
    atMs: nowMs,
  };
}

function scaled(metric: Metric, scale: number): Metric {
  return "value" in metric ? { value: Math.round(metric.value * scale * 1_000) / 1_000 } : metric;
}

/** Figures that are not there, of a GPU whose memory may be known from before. */
function nothing(
  reason: "fault" | "not-measured",
  figures: Device["figures"],
): Omit<GpuFigures, "uuid" | "index" | "name" | "vendor" | "pciBusId" | "driverVersion"> {
  const none: Metric = { unsupported: reason };
  return {
    memoryKind: figures?.memoryKind ?? "dedicated",
    memoryTotalBytes:
      figures !== null && "value" in figures.memoryTotalBytes ? figures.memoryTotalBytes : none,
    memoryUsedBytes: none,
    utilizationPct: none,
    temperatureC: none,
    powerW: none,
    powerLimitW: none,
    atMs: figures?.atMs ?? 0,
  };
}
