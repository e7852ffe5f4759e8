import type { GpuProcess, GpuReading } from "../../reading.ts";
import { withoutFigures } from "../gpuBoard.ts";
import type { GpuProblem } from "../gpuProblem.ts";
import { occupancyOf, type ProcessList } from "../occupancy.ts";
import { toolEnded, type GpuTool, type MachineFacts } from "../toolBoard.ts";
import type { ToolLine } from "../toolLines.ts";
import type { AmdAnswer, AmdPart } from "./amdAnswer.ts";
import { amdGpus, amdKey } from "./amdGpus.ts";
import { parseAmdSmi } from "./amdSmi.ts";
import { parseRocmPids } from "./rocmPids.ts";
import { parseRocmSmi } from "./rocmSmi.ts";

type Answer = Extract<ToolLine, { kind: "answer" }>;
const notTold: ProcessList = { kind: "unknown", reason: "not-supported" };
const maxLost = 64;

/**
 * `amd-smi` or `rocm-smi`, for GPUs of AMD where /sys is hidden. The first lists GPUs and their fixed figures once (`amd-list`,
 * `amd-static`), then says figures and processes in turn (`amd-metric`, `amd-process`); the second says all at once (`rocm`). One
 * that was there and is not told of any more is lost.
 */
export class AmdTool implements GpuTool {
  readonly name: "amd-smi" | "rocm-smi";
  /** What was said once, and what is newest. */
  #fixed: { list: readonly AmdPart[]; static: readonly AmdPart[] } = { list: [], static: [] };
  #metric: { parts: readonly AmdPart[]; atMs: number } = { parts: [], atMs: 0 };
  #gpus: readonly GpuReading[];
  #lost: readonly GpuReading[] = [];

  /** `known`: GPUs of an earlier reading. */
  constructor(name: "amd-smi" | "rocm-smi", known: readonly GpuReading[]) {
    this.name = name;
    this.#gpus = known;
  }

  get isHeard(): boolean {
    return this.#gpus.length > 0;
  }

  get concern(): GpuProblem | null {
    const lost = this.#lost.map(({ uuid }) => uuid).join(", ");
    return lost === "" ? null : { code: "gpu-lost", detail: lost };
  }

  take(line: ToolLine, nowMs: number): "sample" | "part" | GpuProblem {
    if (line.kind !== "answer") return "part";
    switch (line.name) {
      case "amd-list":
      case "amd-static": {
        const { parts, problem } = this.#parsed(parseAmdSmi(line.text), line);
        if (line.name === "amd-list") this.#fixed = { list: parts, static: [] };
        else this.#fixed = { ...this.#fixed, static: parts };
        return problem !== null && line.name === "amd-list" ? problem : "part";
      }
      case "amd-metric": {
        const { parts, problem } = this.#parsed(parseAmdSmi(line.text), line);
        this.#metric = { parts, atMs: nowMs };
        return problem ?? "part";
      }
      case "amd-process":
        return this.#amdSmiSample(line);
      case "rocm":
        return this.#rocmSmiSample(line, nowMs);
      default:
        return "part";
    }
  }

  gpus(_: MachineFacts): GpuReading[] {
    return [...this.#gpus, ...this.#lost.map((gpu) => withoutFigures(gpu, "fault", "gpu-lost"))];
  }

  /** Parts, or why there are none: what stands beside figures is no matter. */
  #parsed(
    { parts, problem }: AmdAnswer,
    { code }: Answer,
  ): { parts: readonly AmdPart[]; problem: GpuProblem | null } {
    if (parts.length > 0) return { parts, problem: null };
    return { parts, problem: code === 0 && problem !== null ? problem : toolEnded(this.name, code) };
  }

  /** Figures were told before; where they were not, the problem stands. */
  #amdSmiSample({ text, code }: Answer): "sample" | "part" {
    const { parts, atMs } = this.#metric;
    if (parts.length === 0) return "part";
    const told = new Map<number, readonly GpuProcess[]>();
    for (const { number, processes } of code === 0 ? parseAmdSmi(text).parts : [])
      if (processes !== null) told.set(number, processes);
    const { list, static: fixed } = this.#fixed;
    this.#put([list, fixed, parts], atMs, (number) => {
      const processes = told.get(number);
      return processes === undefined ? notTold : { kind: "known", processes };
    });
    return "sample";
  }

  #rocmSmiSample(line: Answer, nowMs: number): "sample" | GpuProblem {
    const { parts, problem } = this.#parsed(parseRocmSmi(line.text), line);
    if (problem !== null) return problem;
    const all = parseRocmPids(line.text)?.filter(({ gpuCount }) => gpuCount > 0);
    const isClear = all !== undefined && (all.length === 0 || parts.length === 1);
    // It does not say on which GPU a process is.
    const list: ProcessList = isClear
      ? { kind: "known", processes: all.map(({ gpuCount: _, ...process }) => process) }
      : all === undefined
        ? notTold
        : { kind: "unknown", reason: "unplaced" };
    this.#put([parts], nowMs, () => list);
    return "sample";
  }

  #put(
    answers: readonly (readonly AmdPart[])[],
    atMs: number,
    listOf: (number: number) => ProcessList,
  ): void {
    const numbers = new Set(answers.at(-1)?.map(({ number }) => number));
    const gpus = amdGpus(answers, atMs)
      .filter(({ index }) => index !== null && numbers.has(index))
      .map((gpu) => ({ ...gpu, occupancy: occupancyOf({ ...gpu, processes: listOf(gpu.index ?? 0) }) }));
    const there = new Set(gpus.map(({ uuid }) => uuid));
    this.#lost = [...this.#gpus, ...this.#lost].filter(({ uuid }) => !there.has(uuid)).slice(0, maxLost);
    this.#gpus = gpus;
  }
}

/** Whether a GPU of an earlier reading is one that such a tool told of, or the driver's files did. */
export function isOfAmdTool({ vendor, uuid, pciBusId, index }: GpuReading): boolean {
  return vendor === "amd" && uuid === amdKey(pciBusId, index ?? 0);
}
