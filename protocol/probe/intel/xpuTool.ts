import type { GpuReading } from "../../reading.ts";
import { withoutFigures } from "../gpuBoard.ts";
import type { GpuProblem } from "../gpuProblem.ts";
import { occupancyOf } from "../occupancy.ts";
import { pciAddressIn } from "../pciAddress.ts";
import { toolEnded, type GpuTool, type MachineFacts } from "../toolBoard.ts";
import type { ToolLine } from "../toolLines.ts";
import { parseXpuDiscovery, XpuDump, xpuGpu, type XpuDevice, type XpuRow } from "./xpuSmi.ts";

const maxDevices = 64;

/**
 * `xpu-smi`, for GPUs of Intel: `discovery` lists them, once, and `dump` says a row for each at a time, or for some time only
 * where they can sleep. It does not say which programs use a GPU. One that was there and is not listed any more is lost.
 */
export class XpuTool implements GpuTool {
  readonly name = "xpu-smi";
  #dump = new XpuDump();
  #devices: readonly XpuDevice[];
  #rows = new Map<number, { row: XpuRow; atMs: number }>();
  #asleep: ReadonlySet<string> = new Set();
  #lost: readonly XpuDevice[] = [];

  /** `known`: GPUs of an earlier reading. */
  constructor(known: readonly GpuReading[]) {
    this.#devices = known.slice(0, maxDevices).map(deviceOf);
  }

  get isHeard(): boolean {
    return this.#devices.length > 0;
  }

  get concern(): GpuProblem | null {
    const lost = this.#lost.map(({ pciAddress }) => pciAddress).join(", ");
    if (lost !== "") return { code: "gpu-lost", detail: lost };
    return this.#asleep.size === 0 ? null : { code: "gpu-asleep", detail: [...this.#asleep].join(", ") };
  }

  take(line: ToolLine, nowMs: number): "sample" | "part" | GpuProblem {
    switch (line.kind) {
      case "asleep":
        return this.#sleep(line.pciAddresses);
      case "text":
        return this.#row(line.text, nowMs) ? "sample" : "part";
      case "exit":
        return this.isHeard ? toolEnded(this.name, line.code) : "part";
      case "answer":
        return line.name === "discovery" ? this.#list(line.text, line.code) : this.#answer(line, nowMs);
      case "asked":
        this.#asleep = new Set();
        return "part";
      case "wedged":
        return "part";
    }
  }

  gpus(_: MachineFacts, freshMs: number): GpuReading[] {
    return [
      ...this.#devices.map((device) => this.#reading(device, freshMs)),
      ...this.#lost.map((device) => withoutFigures(xpuGpu(device, null, 0), "fault", "gpu-lost")),
    ];
  }

  #reading(device: XpuDevice, freshMs: number): GpuReading {
    const seen = this.#rows.get(device.number);
    const figures = xpuGpu(device, seen?.row ?? null, seen?.atMs ?? 0);
    if (device.pciAddress !== null && this.#asleep.has(device.pciAddress))
      return withoutFigures(figures, "not-measured", "asleep");
    if (seen !== undefined && seen.atMs < freshMs) return withoutFigures(figures, "fault", "no-answer");
    const processes = { kind: "unknown", reason: "not-supported" } as const;
    return { ...figures, occupancy: occupancyOf({ ...figures, processes }) };
  }

  #answer({ text, code }: { text: string; code: number }, nowMs: number): "sample" | GpuProblem {
    this.#asleep = new Set();
    for (const row of text.split("\n")) this.#row(row, nowMs);
    return code === 0 ? "sample" : toolEnded(this.name, code);
  }

  #list(text: string, code: number): "sample" | "part" | GpuProblem {
    const { devices, problem } = parseXpuDiscovery(text);
    if (problem !== null && problem.code !== "no-devices") return problem;
    if (code !== 0) return toolEnded(this.name, code);
    const addresses = new Set(devices.map(({ pciAddress }) => pciAddress));
    this.#lost = [...this.#devices, ...this.#lost]
      .filter(({ pciAddress }) => pciAddress !== null && !addresses.has(pciAddress))
      .slice(0, maxDevices);
    this.#devices = devices.slice(0, maxDevices);
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
    const addresses = new Set(told.map(pciAddressIn).filter((address) => address !== null));
    this.#asleep = new Set([...addresses].slice(0, maxDevices));
    this.#rows.clear();
    const known = new Set(this.#devices.map(({ pciAddress }) => pciAddress));
    const others = [...this.#asleep].filter((address) => !known.has(address));
    const first = 1 + Math.max(-1, ...this.#devices.map(({ number }) => number));
    this.#devices = [...this.#devices, ...others.map((address, at) => sleeper(first + at, address))].slice(
      0,
      maxDevices,
    );
    return "sample";
  }
}

/** Whether a GPU of an earlier reading is one that this tool told of. */
export function isOfXpu({ vendor, uuid }: GpuReading): boolean {
  return vendor === "intel" && !uuid.startsWith("mac:");
}

function deviceOf(gpu: GpuReading, at: number): XpuDevice {
  const { index, name, pciBusId, driverVersion, memoryTotalBytes } = gpu;
  return { number: index ?? at, name, pciAddress: pciBusId, driverVersion, memoryTotalBytes };
}

function sleeper(number: number, pciAddress: string): XpuDevice {
  const memoryTotalBytes = { unsupported: "not-measured" } as const;
  return { number, name: "Intel GPU", pciAddress, driverVersion: null, memoryTotalBytes };
}
