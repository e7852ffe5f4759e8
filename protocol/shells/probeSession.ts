import { StringDecoder } from "node:string_decoder";
import { hostText } from "../hostText.ts";
import { Refusal } from "../problem.ts";
import type { JobId } from "../ids.ts";
import { ProbeFrames, type ProbeCarry } from "../probe/probeFrames.ts";
import { probeScript } from "../probe/probeScript.ts";
import type { HostReading } from "../reading.ts";
import type { HostShell, ShellExit, ShellTarget } from "./hostShell.ts";
import type { ProbeParts } from "./probeParts.ts";

/** How a session ended without being closed by us. */
export type ProbeSessionEnd =
  { kind: "silent"; refusal: Refusal } | { kind: "ended"; refusal: Refusal } | { kind: "closed" };

/** What one run of the probe's script is given. */
export interface ProbeSessionOptions {
  target: ShellTarget;
  shell: HostShell;
  cadenceMs: number;
  carry: ProbeCarry | null;
  /** Counts what goes over the wire, on and on over the sessions of a host. */
  meter: { bytes: number };
  onReading: (reading: HostReading) => void;
  /** The host has given a sign of life: it went once through its loop. */
  onTick: () => void;
}

/** Beyond three cadences, a session without a tick gets this long before it is given up. */
const silenceGraceMs = 10_000;
const closeLimitMs = 2_000;
const maxStderrLength = 1_000;

/** One run of the probe's script over one shell: it streams from the constructor until `close` or its own end. */
export class ProbeSession {
  /** Fulfils once, when the session is over for whatever reason. */
  readonly ended: Promise<ProbeSessionEnd>;
  readonly #parts: Pick<ProbeParts, "now" | "setTimer" | "random" | "isJobOn">;
  readonly #options: ProbeSessionOptions;
  readonly #frames: ProbeFrames;
  readonly #exited: Promise<ShellExit>;
  #decoder = new StringDecoder("utf8");
  #stderr = "";
  #settle!: (end: ProbeSessionEnd) => void;
  #isOver = false;
  #cancelFlush: (() => void) | null = null;
  #cancelSilence: (() => void) | null = null;

  constructor(
    parts: Pick<ProbeParts, "now" | "setTimer" | "random" | "isJobOn">,
    options: ProbeSessionOptions,
  ) {
    this.#parts = parts;
    this.#options = options;
    const nonce = nonceOf(parts.random);
    const { target, cadenceMs, carry, shell } = options;
    const startedAtMs = parts.now();
    const isJob = (id: JobId): boolean => parts.isJobOn(target.id, id);
    this.#frames = new ProbeFrames({ hostId: target.id, nonce, cadenceMs, startedAtMs, carry, isJob });
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#exited = shell.exited;
    this.#listen(shell);
    this.#watchSilence();
    const everyS = Math.max(1, Math.round(cadenceMs / 1000));
    this.#send(probeScript({ nonce, everyS, listedBoot: this.#frames.listedBoot }));
  }

  /** Readings of /proc so far; 0: the host has not answered yet. */
  get ticks(): number {
    return this.#frames.state.ticks;
  }

  /** Whether more waiting would make the newest reading more complete. */
  get isSettled(): boolean {
    return this.#frames.isSettled(this.#parts.now());
  }

  /** What the next session goes on from. */
  carry(): ProbeCarry | null {
    return this.#frames.carry();
  }

  /** Ends the script, by the end of its stdin, and waits a moment for it to be gone. */
  async close(): Promise<void> {
    this.#over({ kind: "closed" });
    this.#options.shell.close();
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.setTimer(resolve, closeLimitMs);
      const done = () => {
        cancel();
        resolve();
      };
      this.#exited.then(done, done);
    });
  }

  #listen(shell: HostShell): void {
    shell.stdout.on("data", (chunk: Buffer) => {
      this.#take(chunk);
    });
    shell.stderr.on("data", (chunk: Buffer) => {
      this.#options.meter.bytes += chunk.length;
      if (this.#stderr.length < maxStderrLength) this.#stderr += chunk.toString("utf8");
    });
    // a broken pipe shows in `exited`, with its cause
    for (const stream of [shell.stdin, shell.stdout, shell.stderr]) stream.on("error", () => undefined);
    shell.exited.then(
      (exit) => {
        this.#over({ kind: "ended", refusal: this.#shellEnded(exit) });
      },
      (cause: unknown) => {
        const refusal = cause instanceof Refusal ? cause : this.#shellEnded(null, cause);
        this.#over({ kind: "ended", refusal });
      },
    );
  }

  #send(script: string): void {
    this.#options.meter.bytes += script.length;
    this.#options.shell.stdin.write(script);
  }

  #take(chunk: Buffer): void {
    const { meter, onReading, onTick } = this.#options;
    meter.bytes += chunk.length;
    if (this.#isOver) return;
    const ticksBefore = this.ticks;
    const readings = this.#frames.push(this.#decoder.write(chunk), this.#parts.now(), meter.bytes);
    if (this.ticks > ticksBefore) {
      this.#watchSilence();
      onTick();
    }
    readings.forEach(onReading);
    this.#planFlush();
  }

  #planFlush(): void {
    this.#cancelFlush?.();
    const { flushAtMs } = this.#frames;
    this.#cancelFlush =
      flushAtMs === null
        ? null
        : this.#parts.setTimer(
            () => {
              this.#flush();
            },
            Math.max(1, flushAtMs - this.#parts.now()),
          );
  }

  #flush(): void {
    if (this.#isOver) return;
    const reading = this.#frames.flush(this.#parts.now(), this.#options.meter.bytes);
    if (reading !== null) this.#options.onReading(reading);
    else if (this.ticks > 0) this.#planFlush(); // the timer came a little early
  }

  #watchSilence(): void {
    this.#cancelSilence?.();
    const limitMs = 3 * this.#options.cadenceMs + silenceGraceMs;
    this.#cancelSilence = this.#parts.setTimer(() => {
      const reason = `it has said nothing for ${limitMs} ms`;
      const refusal = new Refusal("host-shell-failed", { host: this.#options.target.name, reason });
      this.#over({ kind: "silent", refusal });
    }, limitMs);
  }

  #over(end: ProbeSessionEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelFlush?.();
    this.#cancelSilence?.();
    this.#settle(end);
  }

  #shellEnded(exit: ShellExit | null, cause?: unknown): Refusal {
    const how =
      exit === null
        ? "it broke"
        : exit.signal === null
          ? `it ended with code ${exit.code ?? "?"}`
          : `it was ended by ${exit.signal}`;
    const said = hostText(this.#stderr, 200);
    const reason = said === "" ? how : `${how}: ${said}`;
    return new Refusal("host-shell-failed", { host: this.#options.target.name, reason }, { cause });
  }
}

function nonceOf(random: () => number): string {
  return Array.from({ length: 4 }, () =>
    Math.floor(random() * 0x10000)
      .toString(16)
      .padStart(4, "0"),
  ).join("");
}
