import type { HostSignals } from "../../protocol/hostStatus.ts";
import type { ProblemCode } from "../../protocol/problemCatalog.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { ShellTarget } from "../../protocol/shells/hostShell.ts";
import type { ProbeFailure, ProbeListener } from "../../protocol/shells/probeParts.ts";

/** One host whose readings come in one way or another. */
export interface Poller {
  readonly target: ShellTarget;
  readonly latest: HostReading | null;
  /** What the liveness rule needs. */
  signals(): HostSignals;
  setCadence(cadenceMs: number): void;
  /** Tries now instead of waiting. */
  retryNow(): void;
  /** Takes a reading that somebody else made of this host. */
  adopt(reading: HostReading): void;
  stop(): Promise<void>;
}

/** What a host that is fed is made of; `feed` is null while its agent is away. */
export interface FedPollerOptions {
  target: ShellTarget;
  feed: { setCadence(cadenceMs: number | null): void } | null;
  cadenceMs: number;
  known: { latest: HostReading | null; lastSeenAtMs: number | null };
  now: () => number;
  listener: ProbeListener;
}

/** A host that its agent reads: it is told how often, and silence alone says that it is away. */
export class FedPoller implements Poller {
  readonly target: ShellTarget;
  readonly #options: FedPollerOptions;
  #cadenceMs: number;
  /** The cadence the last readings came with; a quicker one counts from its first reading. */
  #signalCadenceMs: number;
  #latest: HostReading | null;
  #lastSeenAtMs: number | null;
  #failure: ProbeFailure | null = null;

  constructor(options: FedPollerOptions) {
    this.#options = options;
    this.target = options.target;
    this.#cadenceMs = options.cadenceMs;
    this.#signalCadenceMs = options.cadenceMs;
    this.#latest = options.known.latest;
    this.#lastSeenAtMs = options.known.lastSeenAtMs;
    options.feed?.setCadence(options.cadenceMs);
  }

  get latest(): HostReading | null {
    return this.#latest;
  }

  signals(): HostSignals {
    return {
      lastSeenAtMs: this.#lastSeenAtMs,
      cadenceMs: Math.max(this.#cadenceMs, this.#signalCadenceMs),
      failure: this.#failure,
    };
  }

  setCadence(cadenceMs: number): void {
    if (cadenceMs === this.#cadenceMs) return;
    this.#cadenceMs = cadenceMs;
    this.#options.feed?.setCadence(cadenceMs);
  }

  retryNow(): void {
    // an agent tries by itself
  }

  adopt(reading: HostReading): void {
    this.#signalCadenceMs = this.#cadenceMs;
    this.#lastSeenAtMs = this.#options.now();
    this.#failure = null;
    this.#latest = reading;
    this.#options.listener.onReading(reading);
  }

  /** The agent says that the host cannot be read. */
  fail(reason: string): void {
    const code = "host-shell-failed" satisfies ProblemCode;
    const atMs = this.#failure?.atMs ?? this.#options.now();
    this.#failure = { atMs, code, reason, needsLogin: false };
    this.#options.listener.onFailure(this.target.id, this.#failure);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
