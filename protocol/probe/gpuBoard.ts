import type { Metric, UnsupportedReason } from "../metric.ts";
import type { GpuReading } from "../reading.ts";
import type { GpuFigures } from "./gpuFigures.ts";
import { faultOf, healthWithoutFigures } from "./gpuHealth.ts";
import type { GpuProblem } from "./gpuProblem.ts";
import { MigBoard } from "./migBoard.ts";
import { nvidiaSmiProblem } from "./nvidiaSmiProblem.ts";
import { parseNvidiaSmiLine } from "./nvidiaSmiRow.ts";
import { pciAddressIn } from "./pciAddress.ts";
import { parseProbeMarker, type ProbeMarker } from "./probeMarker.ts";
import { ProcessBoard } from "./processBoard.ts";

/** Why a GPU that has figures on record has none now, beside its age; `asleep` is no fault. */
type Trouble = { kind: "fault" | "error"; why: string } | { kind: "asleep" };

interface Entry {
  figures: GpuFigures;
  trouble: Trouble | null;
}

/** GPUs of a host at one moment. */
export interface GpuSnapshot {
  gpus: GpuReading[];
  gpuProblem: GpuProblem | null;
}

/** A tool may take this long to start on a machine with many GPUs before its silence means anything. */
export const toolStartMs = 10_000;
const maxGpus = 256;
const maxSentences = 20;

/**
 * The GPUs of one host, from the lines of nvidia-smi's two queries: the newest row of each GPU with its own time.
 * A GPU that was there and whose rows stop is in fault, not gone.
 */
export class GpuBoard {
  readonly processes = new ProcessBoard();
  readonly mig: MigBoard;
  #entries = new Map<string, Entry>();
  #fields: readonly string[] = [];
  #everyMs: number;
  #sinceMs: number;
  #rowsInRun = 0;
  #sentences: string[] = [];
  #problem: (GpuProblem & { atMs: number }) | null = null;
  #running = false;
  #answered = false;
  /** Known GPUs with a row since `takeFresh`. */
  #fresh = new Set<string>();

  /** `known`: GPUs of an earlier reading of this host, so that they can be missed. */
  constructor(everyMs: number, nowMs: number, known: readonly GpuReading[] = []) {
    this.#everyMs = everyMs;
    this.#sinceMs = nowMs;
    this.mig = new MigBoard(known);
    for (const { occupancy: _, ...figures } of known) {
      if (figures.division.kind !== "instance") this.#entries.set(figures.uuid, { figures, trouble: null });
    }
  }

  /** Whether the tool has said anything on this board: figures, or why there are none. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Whether every GPU that can be expected to answer has done so since `takeFresh`. */
  get allFresh(): boolean {
    if (this.#fresh.size === 0) return false;
    for (const [uuid, entry] of this.#entries) {
      if (entry.trouble === null && !this.#fresh.has(uuid)) return false;
    }
    return true;
  }

  /** Forgets which GPUs have answered. */
  takeFresh(): void {
    this.#fresh.clear();
  }

  /** The machine was started anew: GPUs of before need not be there any more. */
  forgetKnown(): void {
    this.#entries.clear();
    this.mig.forgetKnown();
  }

  /** Takes a line of the GPU query. */
  gpuLine(line: string, nowMs: number): void {
    const marker = parseProbeMarker(line);
    if (marker !== null) this.#mark(marker, nowMs);
    else if (this.#fields.length > 0) this.#row(line, nowMs);
  }

  /** All GPUs in the order of their index, each with its instances, with what is wrong. */
  snapshot(nowMs: number): GpuSnapshot {
    const gpus = [...this.#entries.values()].map((entry) => this.#reading(entry, nowMs));
    gpus.sort((a, b) => (a.index ?? maxGpus) - (b.index ?? maxGpus) || (a.uuid < b.uuid ? -1 : 1));
    const listOf = (uuid: string) => this.processes.listOf(uuid, nowMs);
    return { gpus: this.mig.joined(gpus, listOf, nowMs), gpuProblem: this.#problemNow(nowMs) };
  }

  #mark(marker: ProbeMarker, nowMs: number): void {
    switch (marker.kind) {
      case "start":
        this.#fields = marker.fields;
        this.#everyMs = marker.everyS * 1000;
        this.#rowsInRun = 0;
        this.#sentences = [];
        this.#running = marker.mode === "loop";
        return;
      case "exit":
        this.#ended(marker.code, nowMs);
        return;
      case "wedged":
        this.#running = false;
        this.#fail({ code: "wedged", detail: "an nvidia-smi hangs in the driver" }, nowMs);
        return;
      case "asleep":
        this.#everyMs = marker.everyS * 1000;
        this.#sleep(marker.pciAddresses, nowMs);
    }
  }

  /** In loop mode any end is a failure; a single reading that ends well is just done. */
  #ended(code: number, nowMs: number): void {
    const wasLoop = this.#running;
    this.#running = false;
    const problem = nvidiaSmiProblem(this.#sentences, code);
    if (wasLoop || this.#rowsInRun === 0) {
      this.#fail(problem ?? { code: "tool-failed", detail: `nvidia-smi ended with ${code}` }, nowMs);
    } else if (problem !== null) {
      this.#problem = { ...problem, atMs: nowMs };
    }
  }

  #fail(problem: GpuProblem, nowMs: number): void {
    this.#answered = true;
    this.#problem = { ...problem, atMs: nowMs };
    for (const entry of this.#entries.values()) {
      if (entry.trouble?.kind !== "fault") entry.trouble = { kind: "error", why: problem.code };
    }
  }

  #row(line: string, nowMs: number): void {
    const parsed = parseNvidiaSmiLine(this.#fields, line, nowMs);
    switch (parsed.kind) {
      case "gpu":
        this.#gpu(parsed.gpu, parsed.fault, nowMs);
        return;
      case "nameless":
        this.#lost(parsed.pciBusId, nowMs);
        return;
      case "sentence":
        this.#sentence(parsed.text, nowMs);
    }
  }

  #gpu(figures: GpuFigures, fault: boolean, nowMs: number): void {
    const { uuid } = figures;
    if (!this.#entries.has(uuid) && this.#entries.size >= maxGpus) return;
    this.#entries.set(uuid, { figures, trouble: null });
    this.#fresh.add(uuid);
    this.#rowsInRun += 1;
    this.#answered = true;
    if (fault) {
      this.#problem = { code: "gpu-requires-reset", detail: `${uuid} needs a reset or is lost`, atMs: nowMs };
    } else if (this.#problem !== null && this.#isOver(this.#problem, nowMs)) {
      this.#problem = null;
      this.#sentences = [];
    }
  }

  /** What said nothing new for longer than a tick, while rows come, is over. */
  #isOver(problem: { code: string; atMs: number }, nowMs: number): boolean {
    const toolIsBack = this.#rowsInRun === 1 && this.#sentences.length === 0;
    return (toolIsBack && problem.code !== "gpu-asleep") || nowMs - problem.atMs > 1.5 * this.#everyMs;
  }

  #sentence(text: string, nowMs: number): void {
    if (text === "") return;
    if (!this.#sentences.includes(text) && this.#sentences.length < maxSentences) this.#sentences.push(text);
    const problem = nvidiaSmiProblem(this.#sentences, null);
    if (problem === null) return;
    this.#problem = { ...problem, atMs: nowMs };
    const pciAddress = pciAddressIn(text);
    if (problem.code === "gpu-lost" && pciAddress !== null) this.#lost(pciAddress, nowMs);
  }

  #lost(pciBusId: string | null, nowMs: number): void {
    this.#answered = true;
    this.#problem ??= { code: "gpu-lost", detail: "a GPU answers without its name", atMs: nowMs };
    const address = pciBusId === null ? null : pciAddressIn(pciBusId);
    for (const [pciAddress, entry] of this.#byAddress()) {
      if (address !== null && pciAddress === address) entry.trouble = { kind: "fault", why: "gpu-lost" };
    }
  }

  #sleep(pciAddresses: readonly string[], nowMs: number): void {
    this.#answered = true;
    this.#problem = { code: "gpu-asleep", detail: pciAddresses.join(", "), atMs: nowMs };
    for (const [pciAddress, entry] of this.#byAddress()) {
      if (pciAddress !== null && pciAddresses.includes(pciAddress)) entry.trouble = { kind: "asleep" };
    }
  }

  #byAddress(): [string | null, Entry][] {
    return [...this.#entries.values()].map((entry) => {
      const { pciBusId } = entry.figures;
      return [pciBusId === null ? null : pciAddressIn(pciBusId), entry];
    });
  }

  #reading({ figures, trouble }: Entry, nowMs: number): GpuReading {
    if (trouble?.kind === "asleep") return withoutFigures(figures, "not-measured", "asleep");
    if (trouble !== null) return withoutFigures(figures, trouble.kind, trouble.why);
    const limitMs = 3 * this.#everyMs;
    const isStale = nowMs - figures.atMs > limitMs && nowMs - this.#sinceMs > limitMs + toolStartMs;
    if (isStale) return this.#silent(figures, nowMs - limitMs);
    return { ...figures, occupancy: this.processes.occupancyOf(figures, nowMs) };
  }

  /** That nobody answers says nothing of this one. */
  #silent(figures: GpuFigures, sinceMs: number): GpuReading {
    const gpu = withoutFigures(figures, "fault", "no-answer");
    const othersAnswer = [...this.#entries.values()].some((other) => other.figures.atMs >= sinceMs);
    return othersAnswer
      ? { ...gpu, health: faultOf("no-answer", "its neighbours answer, and it does not") }
      : gpu;
  }

  #problemNow(nowMs: number): GpuProblem | null {
    if (this.#problem !== null) return { code: this.#problem.code, detail: this.#problem.detail };
    const newestMs = Math.max(this.#sinceMs, ...[...this.#entries.values()].map((e) => e.figures.atMs));
    if (nowMs - newestMs < (this.#answered ? 3 * this.#everyMs : toolStartMs)) return null;
    return { code: "no-answer", detail: `nvidia-smi has not answered for ${nowMs - newestMs} ms` };
  }
}

/** A GPU that is there and has no figures now; `why`: for those who ask who uses it. */
export function withoutFigures(figures: GpuFigures, reason: UnsupportedReason, why: string): GpuReading {
  const none: Metric = { unsupported: reason };
  return {
    ...figures,
    utilizationPct: none,
    memoryUsedBytes: none,
    memoryTotalBytes: "value" in figures.memoryTotalBytes ? figures.memoryTotalBytes : none,
    temperatureC: none,
    powerW: none,
    powerLimitW: none,
    occupancy: { kind: "unknown", reason: why },
    health: reason === "fault" ? healthWithoutFigures(why) : { kind: "unknown" },
    throttle: null,
  };
}
