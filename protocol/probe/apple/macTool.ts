import type { GpuReading } from "../../reading.ts";
import type { GpuProblem } from "../gpuProblem.ts";
import { occupancyOf } from "../occupancy.ts";
import { toolEnded, type GpuTool, type MachineFacts } from "../toolBoard.ts";
import type { ToolLine } from "../toolLines.ts";
import { parseMacAccelerators, type MacAccelerator } from "./accelerators.ts";
import { parseMacDisplays, type MacDisplayGpu } from "./displays.ts";
import { macGpus } from "./macGpus.ts";

/** Whether a GPU of an earlier reading is one that this tool told of. */
export function isOfMac({ uuid }: GpuReading): boolean {
  return uuid.startsWith("mac:");
}

/**
 * A Mac's own tools: `system_profiler` lists the GPUs, once after the machine's start, and `ioreg` counts what they do. macOS
 * does not say which programs use a GPU.
 */
export class MacTool implements GpuTool {
  readonly name = "ioreg";
  readonly isHeard = true;
  readonly concern = null;
  #displays: MacDisplayGpu[] | null;
  #accelerators: MacAccelerator[] = [];
  #atMs = 0;

  /** `known`: GPUs of an earlier reading, which are not listed again. */
  constructor(known: readonly GpuReading[]) {
    this.#displays = known.length === 0 ? null : known.map(listed);
  }

  take(line: ToolLine, nowMs: number): "sample" | "part" | GpuProblem {
    if (line.kind !== "answer") return "part";
    if (line.name === "displays") {
      this.#displays = parseMacDisplays(line.text) ?? this.#displays;
      return "part";
    }
    if (line.code !== 0) return toolEnded(this.name, line.code);
    this.#accelerators = parseMacAccelerators(line.text);
    this.#atMs = nowMs;
    return "sample";
  }

  gpus(machine: MachineFacts): GpuReading[] {
    const processes = { kind: "unknown", reason: "not-supported" } as const;
    return macGpus(this.#displays, this.#accelerators, machine, this.#atMs).map((figures) => ({
      ...figures,
      occupancy: occupancyOf({ ...figures, processes }),
    }));
  }
}

function listed({ vendor, name, memoryKind, memoryTotalBytes: total }: GpuReading): MacDisplayGpu {
  const isOwn = memoryKind === "dedicated" && "value" in total;
  return { vendor, name, cores: null, vramBytes: isOwn ? total.value : null };
}
