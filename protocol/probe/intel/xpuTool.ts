import type { GpuReading } from "../../reading.ts";
import type { GpuProblem } from "../gpuProblem.ts";
import { occupancyOf } from "../occupancy.ts";
import { pciAddressIn } from "../pciAddress.ts";
import type { GpuTool } from "../toolBoard.ts";
import type { ToolLine } from "../toolLines.ts";
import { parseXpuDiscovery, XpuDump, xpuGpu, type XpuDevice, type XpuRow } from "./xpuSmi.ts";

/**
 * `xpu-smi`, for GPUs of Intel: `discovery` lists them, once, and `dump` says a row for each at a time, or for some time only
 * where they can sleep. It does not say which programs use a GPU.
 */
export class XpuTool implements GpuTool {
  readonly name = "xpu-smi";
  #dump = new XpuDump();
  #devices: readonly XpuDevice[];
  #rows = new Map<number, { row: XpuRow; atMs: number }>();
  #asleep: readonly string[] = [];

  /** `known`: GPUs of an earlier reading, which may sleep now. */
  constructor(known: readonly GpuReading[]) {
    this.#devices = known.map(deviceOf);
  }

  get concern(): GpuProblem | null {
    return this.#asleep.length === 0 ? null : { code: "gpu-asleep", detail: this.#asleep.join(", ") };
  }

  take(line: ToolLine, nowMs: number): "sample" | "part" | GpuProblem {
    if (line.kind === "asleep") return this.#sleep(line.pciAddresses);
    this.#asleep = [];
    if (line.kind === "text") return this.#row(line.text, nowMs) ? "sample" : "part";
    if (line.kind !== "answer") return "part";
    if (line.name === "discovery") return this.#list(line.text, line.code);
    for (const text of line.text.split("\n")) this.#row(text, nowMs);
    return line.code === 0 ? "sample" : failed(line.code);
  }

  gpus(): GpuReading[] {
    return this.#devices.map((device) => {
      const seen = this.#rows.get(device.number);
      const figures = xpuGpu(device, seen?.row ?? null, seen?.atMs ?? 0);
      if (device.pciAddress !== null && this.#asleep.includes(device.pciAddress))
        return { ...figures, occupancy: { kind: "unknown", reason: "asleep" } };
      const processes = { kind: "unknown", reason: "not-supported" } as const;
      return { ...figures, occupancy: occupancyOf({ ...figures, processes }) };
    });
  }

  #list(text: string, code: number): "sample" | "part" | GpuProblem {
    const { devices, problem } = parseXpuDiscovery(text);
    if (problem !== null && problem.code !== "no-devices") return problem;
    if (code !== 0) return failed(code);
    this.#devices = devices;
    this.#rows.clear();
    return devices.length === 0 ? "sample" : "part";
  }

  /** Takes a line of the dump; true with the row of the last device. */
  #row(text: string, nowMs: number): boolean {
    const row = this.#dump.line(text);
    if (row === null || !this.#devices.some(({ number }) => number === row.number)) return false;
    this.#rows.set(row.number, { row, atMs: nowMs });
    return row.number === this.#devices.at(-1)?.number;
  }

  /** One that sleeps and was never listed has no name yet: to ask for it would wake it. */
  #sleep(told: readonly string[]): "sample" {
    const pciAddresses = told.map(pciAddressIn).filter((address) => address !== null);
    this.#asleep = pciAddresses;
    this.#rows.clear();
    const known = new Set(this.#devices.map(({ pciAddress }) => pciAddress));
    const others = pciAddresses.filter((address) => !known.has(address));
    const first = 1 + Math.max(-1, ...this.#devices.map(({ number }) => number));
    this.#devices = [...this.#devices, ...others.map((address, at) => sleeper(first + at, address))];
    return "sample";
  }
}

/** Whether a GPU of an earlier reading is one that this tool told of. */
export function isOfXpu({ vendor, uuid }: GpuReading): boolean {
  return vendor === "intel" && !uuid.startsWith("mac:");
}

function failed(code: number): GpuProblem {
  return { code: "tool-failed", detail: `xpu-smi ended with ${code}` };
}

function deviceOf(gpu: GpuReading, at: number): XpuDevice {
  const { index, name, pciBusId, driverVersion, memoryTotalBytes } = gpu;
  return { number: index ?? at, name, pciAddress: pciBusId, driverVersion, memoryTotalBytes };
}

function sleeper(number: number, pciAddress: string): XpuDevice {
  const memoryTotalBytes = { unsupported: "not-measured" } as const;
  return { number, name: "Intel GPU", pciAddress, driverVersion: null, memoryTotalBytes };
}
