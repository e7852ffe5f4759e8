import type { Metric } from "../metric.ts";
import type { HostReading } from "../reading.ts";
import type { MachineFacts } from "./toolBoard.ts";
import { darwinMemory, parseVmStat } from "./darwinMemory.ts";
import { linuxCpuPct, parseLinuxCpuTicks, type LinuxCpuTicks } from "./linuxCpu.ts";
import { parseDfLine, type DiskFigures } from "./linuxDisk.ts";
import { linuxGroupMemory, linuxMemory, type MemoryFigures } from "./linuxMemory.ts";

/** What a host tells of itself beside its GPUs. */
export type HostFigures = Omit<
  HostReading,
  "hostId" | "atMs" | "cadenceMs" | "gpus" | "gpuProblem" | "probeBytes"
>;

/** What the next probe of the same host can go on from. */
export interface HostFiguresCarry {
  bootId: string | null;
  cpuTicks: LinuxCpuTicks | null;
  disk: DiskFigures;
}

const notMeasured: Metric = { unsupported: "not-measured" };
const maxAsideLines = 200;

/** A host's figures from the script's lines `H P M C U` and, of other tools, `O`. Linux and macOS. */
export class HostFiguresBoard {
  #facts = new Map<string, string>();
  #cpuTicks: LinuxCpuTicks | null;
  #cpuPct: Metric = notMeasured;
  #memory: MemoryFigures = { memoryUsedBytes: notMeasured, memoryTotalBytes: notMeasured };
  #uptimeS: Metric = notMeasured;
  #disk: DiskFigures;
  #carry: HostFiguresCarry | null;
  #vmStat: string[] = [];
  #darwinTotalBytes: number | null = null;
  #darwinBootS: number | null = null;
  #wiredLimitMib: number | null = null;
  #clock: { hostS: number; atMs: number } | null = null;

  constructor(carry: HostFiguresCarry | null = null) {
    this.#carry = carry;
    this.#cpuTicks = null;
    this.#disk = carry?.disk ?? { diskUsedBytes: notMeasured, diskTotalBytes: notMeasured };
  }

  /** Takes the text after a tag. Says whether it made sense. */
  line(tag: "H" | "P" | "M" | "C" | "U" | "O", text: string, nowMs: number): boolean {
    switch (tag) {
      case "H":
        return this.#fact(text, nowMs);
      case "P":
        return this.#cpu(text);
      case "M":
        this.#memory = linuxMemory(text.split(" "));
        return true;
      case "C":
        this.#memory = linuxGroupMemory(this.#memory, text.split(" "));
        return true;
      case "U":
        this.#uptimeS = /^\d{1,12}(\.\d+)?$/.test(text)
          ? { value: Math.floor(Number(text)) }
          : { unsupported: "not-supported" };
        return true;
      case "O":
        return this.#asideLine(text);
    }
  }

  /** A fact of the start: `kernel`, `boot`, `machine`, `distro`, `tool`, `amd`, `mig`, `asks`, `model`, `clock`. */
  fact(name: string): string | null {
    return this.#facts.get(name) ?? null;
  }

  /** What the figures of GPUs need of it. */
  get machine(): MachineFacts {
    const model = this.fact("model");
    return { model, totalBytes: this.#darwinTotalBytes, wiredLimitMib: this.#wiredLimitMib };
  }

  /** The figures at hand. */
  figures(nowMs: number): HostFigures {
    const kernel = this.fact("kernel");
    const distro = this.fact("distro");
    return {
      cpuPct: this.#cpuPct,
      ...this.#memory,
      ...this.#disk,
      uptimeS: this.#darwinUptime(nowMs) ?? this.#uptimeS,
      bootId: this.fact("boot"),
      machineId: this.fact("machine"),
      os: distro === null ? kernel : kernel === null ? distro : `${distro}, ${kernel}`,
    };
  }

  carry(): HostFiguresCarry {
    return { bootId: this.fact("boot"), cpuTicks: this.#cpuTicks, disk: this.#disk };
  }

  #fact(text: string, nowMs: number): boolean {
    const [, name, value] = /^([a-z]+) (.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined || this.#facts.size >= 32) return false;
    this.#facts.set(name, value.replace(/^"(.*)"$/, "$1").slice(0, 200));
    if (name === "clock") this.#clock = { hostS: Number(value), atMs: nowMs };
    if (name === "boot" && this.#carry?.bootId === this.fact("boot")) this.#cpuTicks = this.#carry.cpuTicks;
    return true;
  }

  #cpu(text: string): boolean {
    const ticks = parseLinuxCpuTicks(text);
    this.#cpuPct = ticks === null ? { unsupported: "not-supported" } : linuxCpuPct(this.#cpuTicks, ticks);
    this.#cpuTicks = ticks;
    return ticks !== null;
  }

  /** Lines of `df`, `vm_stat`, `sysctl` and `ioreg`, each known by its form. */
  #asideLine(text: string): boolean {
    const disk = parseDfLine(text);
    if (disk !== null) this.#disk = disk;
    if (text.startsWith("Mach Virtual Memory")) this.#vmStat = [];
    if (this.#vmStat.length < maxAsideLines) this.#vmStat.push(text);
    const pages = parseVmStat(this.#vmStat);
    if (pages !== null) this.#memory = darwinMemory(this.#darwinTotalBytes, pages);
    this.#darwinFact(text);
    return true;
  }

  #darwinFact(text: string): void {
    const memory = /^hw\.memsize: (\d{1,18})$/.exec(text);
    if (memory !== null) this.#darwinTotalBytes = Number(memory[1]);
    const limit = /^iogpu\.wired_limit_mb: (\d{1,9})$/.exec(text);
    if (limit !== null) this.#wiredLimitMib = Number(limit[1]);
    const boot = /^kern\.boottime: \{ sec = (\d{1,12}),/.exec(text);
    if (boot !== null) this.#darwinBootS = Number(boot[1]);
    const session = /^kern\.bootsessionuuid: ([0-9A-Fa-f-]{36})$/.exec(text);
    if (session?.[1] !== undefined) this.#facts.set("boot", session[1].toLowerCase());
    const platform = /"IOPlatformUUID" = "([0-9A-Fa-f-]{36})"/.exec(text);
    if (platform?.[1] !== undefined) this.#facts.set("machine", platform[1].toLowerCase());
  }

  #darwinUptime(nowMs: number): Metric | null {
    if (this.#clock === null || this.#darwinBootS === null) return null;
    const sinceReadS = Math.floor((nowMs - this.#clock.atMs) / 1000);
    return { value: Math.max(0, this.#clock.hostS - this.#darwinBootS + sinceReadS) };
  }
}
