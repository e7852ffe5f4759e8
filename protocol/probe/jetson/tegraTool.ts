import type { Metric } from "../../metric.ts";
import type { GpuReading } from "../../reading.ts";
import type { GpuProblem } from "../gpuProblem.ts";
import { nothingSaid } from "../gpuHealth.ts";
import { occupancyOf } from "../occupancy.ts";
import { integratedNvidia } from "../nvidiaSmiRow.ts";
import { toolEnded, type GpuTool, type MachineFacts } from "../toolBoard.ts";
import type { ToolLine } from "../toolLines.ts";
import { parseTegrastatsLine, type TegraFigures } from "./tegrastats.ts";

/** `tegrastats`, which says what the GPU of a Jetson does, a line at a time; the machine's product gives the name. */
export class TegraTool implements GpuTool {
  readonly name = "tegrastats";
  readonly isHeard = true;
  readonly concern = null;
  #figures: TegraFigures | null = null;
  #atMs = 0;

  take(line: ToolLine, nowMs: number): "sample" | "part" | GpuProblem {
    if (line.kind === "exit") return toolEnded(this.name, line.code);
    const figures = line.kind === "text" ? parseTegrastatsLine(line.text) : null;
    if (figures === null) return "part";
    this.#figures = figures;
    this.#atMs = nowMs;
    return "sample";
  }

  gpus({ model }: MachineFacts): GpuReading[] {
    if (this.#figures === null) return [];
    const { utilizationPct, temperatureC, powerW } = this.#figures;
    const unified: Metric = { unsupported: "unified" };
    const figures = {
      uuid: integratedNvidia,
      index: 0,
      name: model ?? "NVIDIA Jetson",
      vendor: "nvidia" as const,
      pciBusId: null,
      driverVersion: null,
      memoryKind: "unified" as const,
      memoryUsedBytes: unified,
      memoryTotalBytes: unified,
      utilizationPct,
      temperatureC,
      powerW,
      powerLimitW: { unsupported: "not-supported" } as const,
      ...nothingSaid,
      atMs: this.#atMs,
    };
    const processes = { kind: "unknown", reason: "not-supported" } as const;
    return [{ ...figures, occupancy: occupancyOf({ ...figures, processes }) }];
  }
}

/**
 * The GPUs of a Jetson, of which `nvidia-smi`, where it is there, knows the name and often nothing else: what it does not say
 * comes from `tegrastats`.
 */
export function completedByTegra(
  ofNvidia: readonly GpuReading[],
  ofTegra: readonly GpuReading[],
): GpuReading[] {
  const [own] = ofTegra;
  const named = ofNvidia.find(({ memoryKind }) => memoryKind === "unified");
  if (own === undefined || named === undefined) return [...ofNvidia, ...ofTegra];
  const better = (figure: "utilizationPct" | "temperatureC" | "powerW"): Metric =>
    "value" in named[figure] ? named[figure] : own[figure];
  const completed = {
    ...named,
    utilizationPct: better("utilizationPct"),
    temperatureC: better("temperatureC"),
    powerW: better("powerW"),
    atMs: Math.max(named.atMs, own.atMs),
    occupancy: named.occupancy.kind === "busy" ? named.occupancy : own.occupancy,
  };
  return ofNvidia.map((gpu) => (gpu === named ? completed : gpu));
}
