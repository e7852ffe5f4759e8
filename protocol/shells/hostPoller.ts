import type { HostSignals } from "../hostStatus.ts";
import { Refusal } from "../problem.ts";
import type { ProblemCode } from "../problemCatalog.ts";
import type { ProbeCarry } from "../probe/probeFrames.ts";
import type { HostReading } from "../reading.ts";
import type { ShellTarget } from "./hostShell.ts";
import { interruptible, waitFor } from "./interruptible.ts";
import { HostSightings, type KnownSightings } from "./hostSightings.ts";
import type { ProbeListener, ProbeParts } from "./probeParts.ts";
import { probeRetryDelayMs } from "./probeRetryDelay.ts";
import { ProbeSession } from "./probeSession.ts";

const nothingKnown: KnownSightings = { latest: null, lastSeenAtMs: null };

/**
 * Reads one host without end: one channel, opened again with back-off when it fails, and anew when the cadence
 * changes. Lives from the constructor to `stop`.
 */
export class HostPoller {
  readonly target: ShellTarget;
  readonly #parts: ProbeParts;
  readonly #listener: ProbeListener;
  readonly #meter = { bytes: 0 };
  readonly #stop = new AbortController();
  /** Ends a running session because the cadence changed. */
  #restart = new AbortController();
  /** Ends a pause between attempts. */
  #retry = new AbortController();
  readonly #sightings: HostSightings;
  #carry: ProbeCarry | null = null;
  #failedAttempts = 0;
  readonly #running: Promise<void>;

  /** `known`: what somebody else knew of the host before. */
  constructor(
    parts: ProbeParts,
    listener: ProbeListener,
    target: ShellTarget,
    cadenceMs: number,
    known: KnownSightings = nothingKnown,
  ) {
    this.#parts = parts;
    this.#listener = listener;
    this.target = target;
    this.#sightings = new HostSightings(parts.now, cadenceMs, known);
    this.#running = this.#run();
  }

  get latest(): HostReading | null {
    return this.#sightings.latest;
  }

  /** What the liveness rule needs. */
  signals(): HostSignals {
    return this.#sightings.signals();
  }

  /** Asks for another cadence; the script is started anew. A host that waits for its next attempt goes on waiting. */
  setCadence(cadenceMs: number): void {
    if (cadenceMs === this.#sightings.cadenceMs) return;
    this.#sightings.cadenceMs = cadenceMs;
    this.#restart.abort();
  }

  /** Ends a pause between attempts, also the endless one of a host that needs somebody to log in. */
  retryNow(): void {
    this.#failedAttempts = 0;
    this.#retry.abort();
  }

  /** Takes a reading that somebody else made of this host. */
  adopt(reading: HostReading): void {
    this.#sightings.seen();
    this.#take(reading);
  }

  /** Ends everything, on the host too as far as it can be reached. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#retry = new AbortController();
      const refusal = await this.#attempt();
      if (refusal === null) continue;
      const delayMs = probeRetryDelayMs(refusal.code, this.#failedAttempts, this.#parts.random());
      this.#failedAttempts += 1;
      this.#parts.log.debug({ host: this.target.name, code: refusal.code, delayMs }, "probe: next attempt");
      await waitFor(this.#parts.setTimer, delayMs, [this.#stop.signal, this.#retry.signal]);
    }
  }

  /** One session to its end. Null: go on at once. */
  async #attempt(): Promise<Refusal | null> {
    let session: ProbeSession;
    try {
      const { shells } = this.#parts;
      const shell = await shells.openShell(this.target, { attended: false, signal: this.#stop.signal });
      if (this.#stop.signal.aborted) {
        shell.close();
        return null;
      }
      session = this.#open(shell);
    } catch (error) {
      if (this.#stop.signal.aborted) return null;
      const refusal = error instanceof Refusal ? error : this.#unexpected(error);
      this.#fail(refusal);
      return refusal;
    }
    const end = await interruptible(session.ended, [this.#stop.signal, this.#restart.signal]);
    await session.close();
    this.#carry = session.carry();
    if (end === null || end.kind === "closed") return null;
    // one that worked is only silent until the next attempt has failed as well
    if (session.ticks === 0) this.#fail(end.refusal);
    return end.refusal;
  }

  #open(shell: ConstructorParameters<typeof ProbeSession>[1]["shell"]): ProbeSession {
    this.#restart = new AbortController();
    const { cadenceMs } = this.#sightings;
    return new ProbeSession(this.#parts, {
      target: this.target,
      shell,
      cadenceMs,
      carry: this.#carry,
      meter: this.#meter,
      onTick: () => {
        this.#failedAttempts = 0;
        this.#sightings.seen(cadenceMs);
      },
      onReading: (reading) => {
        this.#take(reading);
      },
    });
  }

  #take(reading: HostReading): void {
    this.#sightings.take(reading);
    this.#listener.onReading(reading);
  }

  #fail(refusal: Refusal): void {
    const failure = this.#sightings.fail({
      code: refusal.code,
      reason: refusal.message,
      needsLogin: refusal.code === ("needs-login" satisfies ProblemCode),
    });
    this.#listener.onFailure(this.target.id, failure);
  }

  #unexpected(error: unknown): Refusal {
    this.#parts.log.warn({ host: this.target.name, err: error }, "probe: failed to open a shell");
    return new Refusal("host-shell-failed", { host: this.target.name, reason: "an error in the service" });
  }
}
