import { ProbeLines } from "./probeLines.ts";
import type { JobId } from "../ids.ts";
import type { HostReading } from "../reading.ts";
import { AmdBoard } from "./amd/amdBoard.ts";
import { GpuBoard, toolStartMs, type GpuSnapshot } from "./gpuBoard.ts";
import { isOfMac } from "./apple/macTool.ts";
import type { ToolBoard } from "./toolBoard.ts";
import { toolNamed } from "./toolNamed.ts";
import { joinedGpus } from "./joinedGpus.ts";
import { ProcessOwners } from "./processOwners.ts";
import { HostFiguresBoard, type HostFiguresCarry } from "./hostFigures.ts";

/** What one run of the script is decoded with. */
export interface ProbeFramesOptions {
  hostId: string;
  nonce: string;
  cadenceMs: number;
  startedAtMs: number;
  carry?: ProbeCarry | null;
  /** Whether a job is one of ours that runs on this host; none is, when left out. */
  isJob?: (id: JobId) => boolean;
}

/** What the next run on the same host goes on from. */
export interface ProbeCarry {
  reading: HostReading;
  figures: HostFiguresCarry;
}

/** How a run stands. */
export interface ProbeFramesState {
  /** The script runs: its first line was seen. */
  hello: boolean;
  /** Readings of /proc so far. */
  ticks: number;
  /** Lines that made no sense or were over a limit. */
  garbageLines: number;
}

/** After a GPU's row, the rows of its neighbours get this long. */
const rowsSettleMs = 200;
/** After the start, figures wait this long for the first answer about processes. */
const processesWaitMs = 3_000;

/**
 * Decodes the output of `probeScript`, however it is cut into pieces: text and the service's clock in, readings
 * out. It never throws: what makes no sense is counted.
 */
export class ProbeFrames {
  readonly #options: ProbeFramesOptions;
  readonly #host: HostFiguresBoard;
  readonly #gpus: GpuBoard;
  readonly #amd: AmdBoard;
  /** Of another tool, where the script asks one. */
  #tool: ToolBoard | null = null;
  readonly #owners: ProcessOwners;
  readonly #lines = new ProbeLines(() => (this.#state.garbageLines += 1));
  #state: ProbeFramesState = { hello: false, ticks: 0, garbageLines: 0 };
  /** When to give out what has come, if nothing more comes; null when nothing waits. */
  #flushAtMs: number | null = null;
  #gpusSentAtMs: number | null = null;
  #sampleSentAtMs: number | null = null;
  #failureSentAtMs: number | null = null;
  #last: HostReading | null = null;

  constructor(options: ProbeFramesOptions) {
    this.#options = options;
    this.#owners = new ProcessOwners(options.isJob ?? (() => false));
    this.#host = new HostFiguresBoard(options.carry?.figures ?? null);
    const known = options.carry?.reading.gpus ?? [];
    const ofTool = known.filter(({ vendor }) => vendor === "nvidia");
    this.#gpus = new GpuBoard(options.cadenceMs, options.startedAtMs, ofTool);
    this.#amd = new AmdBoard(options.startedAtMs, known);
  }

  get state(): ProbeFramesState {
    return { ...this.#state };
  }

  /** Time to call `flush`; null: not needed. */
  get flushAtMs(): number | null {
    return this.#flushAtMs;
  }

  /** Takes a piece of output. `probeBytes` is what the readings shall say the probe has cost. */
  push(text: string, nowMs: number, probeBytes: number): HostReading[] {
    const readings: HostReading[] = [];
    for (const line of this.#lines.take(text))
      if (this.#line(line, nowMs)) readings.push(this.#reading(nowMs, probeBytes));
    return readings;
  }

  /** Gives out what waits for more; null when it is not yet time. */
  flush(nowMs: number, probeBytes: number): HostReading | null {
    if (this.#flushAtMs === null || nowMs < this.#flushAtMs || this.#state.ticks === 0) return null;
    return this.#reading(nowMs, probeBytes);
  }

  /** Whether all parts of a reading have been heard, or will not be. */
  isSettled(nowMs: number): boolean {
    if (this.#state.ticks === 0) return false;
    if (this.#host.fact("amd") !== null && !this.#amd.answered) return false;
    if (this.#tool?.answered === false) return false;
    if (!this.#hasTool()) return true;
    const gpus = this.#gpus;
    if (this.#host.fact("mig") !== null && !gpus.mig.answered) return false;
    return gpus.answered && (gpus.processes.isSettled(nowMs) || gpus.snapshot(nowMs).gpus.length === 0);
  }

  /** For `probeScript`: the boot of a Mac at which its GPUs were listed. */
  get listedBoot(): string | null {
    const { carry } = this.#options;
    const boot = carry?.figures.bootId ?? "";
    return carry?.reading.gpus.some(isOfMac) === true && /^[0-9a-f-]{36}$/i.test(boot) ? boot : null;
  }

  /** What the next run goes on from; null before the first reading. */
  carry(): ProbeCarry | null {
    if (this.#last === null) return this.#options.carry ?? null;
    return { reading: this.#last, figures: this.#host.carry() };
  }

  /** Takes a line; true when a reading is due. */
  #line(raw: string, nowMs: number): boolean {
    // eslint-disable-next-line no-control-regex -- a host's text must not steer a terminal
    const line = raw.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trimEnd();
    if (!this.#state.hello) {
      this.#state.hello = line === `hwledger-probe ${this.#options.nonce}`;
      return false;
    }
    const text = line.slice(2);
    const tag = line.charAt(1) === " " || line.length === 1 ? line.charAt(0) : "";
    switch (tag) {
      case "T":
        return this.#tick(nowMs);
      case "G":
        this.#gpus.gpuLine(text, nowMs);
        return this.#gpuNews(nowMs);
      case "A":
        this.#appsLine(text, nowMs);
        return false;
      case "N":
        if (this.#gpus.mig.line(text, nowMs)) this.#planFlush(nowMs);
        return false;
      case "D":
        return this.#amdLine(text, nowMs);
      case "X":
        if (this.#tool === null) this.#state.garbageLines += 1;
        if (this.#tool?.line(text, nowMs) !== true) return false;
        return this.#tool.hasFailed ? this.#isFailure(nowMs) : this.#isSample("tool", nowMs);
      case "H":
        if (!this.#host.line(tag, text, nowMs)) this.#state.garbageLines += 1;
        this.#forgetOtherBoot();
        if (text.startsWith("asks ")) this.#asks(text.slice(5));
        return false;
      case "W":
        return this.#checked(this.#owners.line(text, nowMs));
      case "J":
        return this.#checked(this.#owners.jobLine(text));
      case "P":
      case "M":
      case "C":
      case "U":
      case "O":
        return this.#checked(this.#host.line(tag, text, nowMs));
      default:
        return this.#checked(false);
    }
  }

  /** Counts a line that made no sense; no reading is due for either. */
  #checked(madeSense: boolean): false {
    if (!madeSense) this.#state.garbageLines += 1;
    return false;
  }

  #gpuNews(nowMs: number): boolean {
    this.#planFlush(nowMs);
    // the first rows may be those of one GPU of many: only a later tick knows whom to expect
    return this.#gpusSentAtMs !== null && this.#gpus.allFresh;
  }

  #amdLine(text: string, nowMs: number): boolean {
    const outcome = this.#amd.line(text, nowMs);
    if (outcome === "garbage") this.#state.garbageLines += 1;
    return outcome === "sample" && this.#isSample("amd", nowMs);
  }

  /** Takes note of a whole sample. True where it gives out a reading. */
  #isSample(of: "amd" | "tool", nowMs: number): boolean {
    if (this.#pace() !== of || this.#state.ticks === 0) return false;
    // However often it says so: a reading at a cadence.
    if (isWithin(nowMs, this.#sampleSentAtMs, this.#options.cadenceMs / 2)) return false;
    this.#sampleSentAtMs = nowMs;
    return true;
  }

  /** Takes note of why there are no samples. True where that is worth a reading. */
  #isFailure(nowMs: number): boolean {
    if (this.#state.ticks === 0 || isWithin(nowMs, this.#failureSentAtMs, this.#options.cadenceMs))
      return false;
    this.#failureSentAtMs = nowMs;
    return true;
  }

  /** Whose samples give out the readings: the ticks' where there are no GPUs. */
  #pace(): "nvidia" | "amd" | "tool" | "tick" {
    if (this.#hasTool()) return "nvidia";
    if (this.#host.fact("amd") !== null) return "amd";
    return this.#tool === null ? "tick" : "tool";
  }

  #asks(name: string): void {
    const { cadenceMs, startedAtMs, carry } = this.#options;
    const before = this.#isOtherBoot() ? [] : (carry?.reading.gpus ?? []);
    // These tools tell of the same GPUs, where the files cannot.
    if (name === "amdsmi" || name === "rocm") this.#amd.forgetKnown();
    this.#tool ??= toolNamed(name, cadenceMs, startedAtMs, before);
  }

  /** The first answer about processes is worth a reading; later ones go along with the figures. */
  #appsLine(text: string, nowMs: number): void {
    const { processes } = this.#gpus;
    const wasSettled = processes.isSettled(nowMs);
    processes.appsLine(text, nowMs);
    if (!wasSettled) this.#planFlush(nowMs);
  }

  /** Figures go out when their neighbours had time to come, and the processes, which are asked separately. */
  #planFlush(nowMs: number): void {
    const { answered, processes } = this.#gpus;
    if (!answered) return;
    const processesAtMs = processes.settlesAtMs ?? this.#options.startedAtMs + processesWaitMs;
    this.#flushAtMs = Math.max(nowMs + rowsSettleMs, processes.isSettled(nowMs) ? 0 : processesAtMs);
  }

  /** Ticks of /proc give out a reading only where the GPUs' own rhythm does not. */
  #tick(nowMs: number): boolean {
    this.#state.ticks += 1;
    this.#lines.tick();
    const pace = this.#pace();
    if (pace === "amd" || pace === "tool") {
      // There a sample gives out the reading, and a tick only where none comes.
      const { cadenceMs } = this.#options;
      const waitMs = this.#sampleSentAtMs === null ? toolStartMs + cadenceMs : 1.5 * cadenceMs;
      return !isWithin(nowMs, this.#sampleSentAtMs ?? this.#options.startedAtMs, waitMs);
    }
    if (pace === "tick") return true;
    if (this.#gpusSentAtMs !== null) return nowMs - this.#gpusSentAtMs > 1.5 * this.#options.cadenceMs;
    return !this.#gpus.answered && nowMs - this.#options.startedAtMs >= toolStartMs;
  }

  #isOtherBoot(): boolean {
    const before = this.#options.carry?.figures.bootId ?? null;
    const boot = this.#host.fact("boot");
    return before !== null && boot !== null && boot !== before;
  }

  #forgetOtherBoot(): void {
    if (!this.#isOtherBoot()) return;
    this.#gpus.forgetKnown();
    this.#amd.forgetKnown();
    this.#tool?.forgetKnown();
  }

  #hasTool(): boolean {
    const tool = this.#host.fact("tool");
    return tool !== null && tool !== "none";
  }

  #reading(nowMs: number, probeBytes: number): HostReading {
    const { hostId, cadenceMs } = this.#options;
    if (this.#gpus.answered && this.#flushAtMs !== null) this.#gpusSentAtMs = nowMs;
    this.#flushAtMs = null;
    this.#gpus.takeFresh();
    const none: GpuSnapshot = { gpus: [], gpuProblem: null };
    const { gpus, gpuProblem } = joinedGpus(
      this.#hasTool() ? this.#gpus.snapshot(nowMs) : none,
      this.#amd.snapshot(nowMs),
      this.#tool?.snapshot(this.#host.machine, nowMs) ?? none,
      this.#host.fact("asks") === "tegra",
    );
    this.#last = {
      hostId,
      atMs: nowMs,
      cadenceMs,
      ...this.#host.figures(nowMs),
      gpus: gpus.map((gpu) => this.#owners.named(gpu)),
      gpuProblem,
      probeBytes,
    };
    return this.#last;
  }
}

/** Whether something was less than so long ago. A clock that was set back says that it was not. */
function isWithin(nowMs: number, atMs: number | null, limitMs: number): boolean {
  return atMs !== null && nowMs >= atMs && nowMs - atMs <= limitMs;
}
