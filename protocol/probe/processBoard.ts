import type { GpuProcess, Occupancy } from "../reading.ts";
import type { GpuFigures } from "./gpuFigures.ts";
import { parseNvidiaSmiAppsLine } from "./nvidiaSmiApps.ts";
import { occupancyOf, type ProcessList } from "./occupancy.ts";
import { parseProbeMarker } from "./probeMarker.ts";

interface Seen {
  gpuUuid: string;
  process: GpuProcess;
  seenAtMs: number;
}

/** What the whole list is worth. */
type Answer = { kind: "none" } | { kind: "header"; atMs: number } | { kind: "rows" } | { kind: "failed" };

/** After its header the tool gets this long for the rows of the first sample before no row means no process. */
export const appsSettleMs = 1_000;
/** A sample itself takes a while on a machine with many GPUs. */
const sampleMs = 2_000;
const maxProcesses = 10_000;

/**
 * Who computes on a host's GPUs, from the lines of the process query in loop mode. An idle GPU prints no row, so
 * silence counts as "no process" only after the tool's header and while it runs; a row counts for two ticks.
 */
export class ProcessBoard {
  #seen = new Map<string, Seen>();
  #hidden = new Map<string, number>();
  #hiddenEverywhereAtMs: number | null = null;
  #answer: Answer = { kind: "none" };
  #everyMs = 0;
  #isLoop = true;

  /** Whether the query has answered or failed, so that waiting brings no more. */
  isSettled(nowMs: number): boolean {
    const answer = this.#answer;
    if (answer.kind === "header") return nowMs - answer.atMs >= appsSettleMs;
    return answer.kind !== "none";
  }

  /** When the list will be settled if nothing more comes; null when nothing is under way. */
  get settlesAtMs(): number | null {
    return this.#answer.kind === "header" ? this.#answer.atMs + appsSettleMs : null;
  }

  /** Takes a line of the process query. */
  appsLine(line: string, nowMs: number): void {
    const marker = parseProbeMarker(line);
    if (marker?.kind === "start") {
      this.#everyMs = marker.everyS * 1000;
      this.#isLoop = marker.mode === "loop";
      if (this.#isLoop) this.#answer = { kind: "none" };
    } else if (marker?.kind === "exit") {
      this.#ended(marker.code);
    } else if (marker === null) {
      this.#row(line, nowMs);
    }
  }

  /** Who uses a GPU, by the rule of `occupancyOf`. */
  occupancyOf(figures: GpuFigures, nowMs: number): Occupancy {
    return occupancyOf({ ...figures, processes: this.#list(figures.uuid, nowMs) });
  }

  /** The processes that are listed under a uuid. */
  listOf(uuid: string, nowMs: number): ProcessList {
    return this.#list(uuid, nowMs);
  }

  /** A single reading that ended well is complete; a loop that ended tells nothing from then on. */
  #ended(code: number): void {
    const isDone = !this.#isLoop && code === 0;
    if (isDone && this.#answer.kind !== "none") this.#answer = { kind: "rows" };
    else this.#answer = { kind: "failed" };
  }

  #row(line: string, nowMs: number): void {
    const parsed = parseNvidiaSmiAppsLine(line);
    switch (parsed.kind) {
      case "header":
        if (this.#answer.kind !== "rows") this.#answer = { kind: "header", atMs: nowMs };
        return;
      case "process":
        this.#answer = { kind: "rows" };
        this.#add(parsed.gpuUuid, parsed.process, nowMs);
        return;
      case "hidden":
        this.#answer = { kind: "rows" };
        if (parsed.gpuUuid === null) this.#hiddenEverywhereAtMs = nowMs;
        else if (this.#hidden.size < maxProcesses) this.#hidden.set(parsed.gpuUuid, nowMs);
        return;
      case "sentence": // a tool that talks instead of answering ends soon, and says so with its exit code
        return;
    }
  }

  #add(gpuUuid: string, process: GpuProcess, nowMs: number): void {
    const key = `${gpuUuid} ${process.pid}`;
    if (this.#seen.size >= maxProcesses && !this.#seen.has(key)) this.#forgetOld(nowMs);
    if (this.#seen.size < maxProcesses) this.#seen.set(key, { gpuUuid, process, seenAtMs: nowMs });
  }

  #list(gpuUuid: string, nowMs: number): ProcessList {
    if (this.#answer.kind === "failed") return { kind: "unknown", reason: "error" };
    if (!this.isSettled(nowMs)) return { kind: "unknown", reason: "not-measured" };
    const hiddenAtMs = Math.max(this.#hidden.get(gpuUuid) ?? 0, this.#hiddenEverywhereAtMs ?? 0);
    if (hiddenAtMs > 0 && this.#isFresh(hiddenAtMs, nowMs)) return { kind: "unknown", reason: "denied" };
    this.#forgetOld(nowMs);
    const here = [...this.#seen.values()].filter((seen) => seen.gpuUuid === gpuUuid);
    return { kind: "known", processes: here.map((seen) => seen.process) };
  }

  #forgetOld(nowMs: number): void {
    for (const [key, seen] of this.#seen) if (!this.#isFresh(seen.seenAtMs, nowMs)) this.#seen.delete(key);
  }

  #isFresh(seenAtMs: number, nowMs: number): boolean {
    return nowMs - seenAtMs <= 2 * this.#everyMs + sampleMs;
  }
}
