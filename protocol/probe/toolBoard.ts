import type { GpuReading } from "../reading.ts";
import { toolStartMs, withoutFigures, type GpuSnapshot } from "./gpuBoard.ts";
import type { GpuProblem } from "./gpuProblem.ts";
import { ToolLines, type ToolLine } from "./toolLines.ts";

/** What a machine tells of itself that the figures of its GPUs need. */
export interface MachineFacts {
  /** A Jetson's product. */
  model: string | null;
  /** A Mac's `hw.memsize`. */
  totalBytes: number | null;
  /** A Mac's `iogpu.wired_limit_mb`, what the GPU may have; 0 or absent: the system's own share. */
  wiredLimitMib: number | null;
}

/** What a tool that ended by itself leaves to say. */
export function toolEnded(tool: string, code: number): GpuProblem {
  return { code: "tool-failed", detail: `${tool} ended with ${code}` };
}

/** A tool other than nvidia-smi, with what it has said. */
export interface GpuTool {
  readonly name: string;
  /** Whether it has anything to tell of, so that its silence means something. */
  readonly isHeard: boolean;
  /** What is not as it should be, although nothing failed. */
  readonly concern: GpuProblem | null;
  /** Takes what the script passed on: a whole sample, a part of one, or why there is none. */
  take(line: ToolLine, nowMs: number): "sample" | "part" | GpuProblem;
  /** All its GPUs as of now; figures from before `freshMs` are none any more. */
  gpus(machine: MachineFacts, freshMs: number): GpuReading[];
}

/**
 * The GPUs that such a tool tells of. Until a new run of the probe has heard it they are what they were before; where the tool
 * fails, hangs or falls silent they stay, without figures, and the reason is told.
 */
export class ToolBoard {
  readonly #tool: GpuTool;
  readonly #lines = new ToolLines();
  readonly #startedAtMs: number;
  #known: readonly GpuReading[];
  #everyMs: number;
  #sampledAtMs: number | null = null;
  #problem: GpuProblem | null = null;

  /** `known`: this tool's GPUs in an earlier reading of the host. */
  constructor(tool: GpuTool, cadenceMs: number, startedAtMs: number, known: readonly GpuReading[]) {
    this.#tool = tool;
    this.#everyMs = cadenceMs;
    this.#startedAtMs = startedAtMs;
    this.#known = known;
  }

  /** Whether the tool has been heard, whatever it said. */
  get answered(): boolean {
    return this.#sampledAtMs !== null || this.#problem !== null;
  }

  /** Whether the newest that was heard of it is a failure. */
  get hasFailed(): boolean {
    return this.#problem !== null;
  }

  /** The machine was started anew: GPUs of before need not be there any more. */
  forgetKnown(): void {
    this.#known = [];
  }

  /** Takes the text of a line `X`; true when a sample is whole, or none will come for now. */
  line(text: string, nowMs: number): boolean {
    const line = this.#lines.line(text);
    if (line === null) return false;
    if (line.kind === "asked" || line.kind === "asleep") this.#everyMs = line.everyMs;
    const news = this.#news(line, nowMs);
    if (news === "part") return false;
    if (news === "sample") this.#sampledAtMs = nowMs;
    this.#problem = news === "sample" ? null : news;
    return true;
  }

  /** All GPUs, with what is wrong. */
  snapshot(machine: MachineFacts, nowMs: number): GpuSnapshot {
    const gpus =
      this.#sampledAtMs === null ? [...this.#known] : this.#tool.gpus(machine, nowMs - this.#silenceMs());
    const isHeard = this.#sampledAtMs === null || this.#tool.isHeard;
    const problem = this.#problem ?? (isHeard ? this.#silence(nowMs) : null);
    if (problem === null) return { gpus, gpuProblem: this.#tool.concern };
    return { gpus: gpus.map((gpu) => withoutFigures(gpu, "fault", problem.code)), gpuProblem: problem };
  }

  #news(line: ToolLine, nowMs: number): "sample" | "part" | GpuProblem {
    if (line.kind !== "wedged") return this.#tool.take(line, nowMs);
    return { code: "wedged", detail: `${this.#tool.name} hangs in the driver` };
  }

  /** How long nothing may be said of a GPU before that means something. */
  #silenceMs(): number {
    return 3 * this.#everyMs + 2_000;
  }

  #silence(nowMs: number): GpuProblem | null {
    const silentMs = nowMs - (this.#sampledAtMs ?? this.#startedAtMs);
    const limitMs = this.#sampledAtMs === null ? toolStartMs + this.#everyMs : this.#silenceMs();
    if (silentMs <= limitMs) return null;
    return { code: "no-answer", detail: `${this.#tool.name} has not answered for ${silentMs} ms` };
  }
}
