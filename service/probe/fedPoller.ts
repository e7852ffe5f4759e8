import type { HostSignals } from "../../protocol/hostStatus.ts";
import type { ProblemCode } from "../../protocol/problemCatalog.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { ShellTarget } from "../../protocol/shells/hostShell.ts";
import { HostSightings, type KnownSightings } from "../../protocol/shells/hostSightings.ts";
import type { ProbeListener } from "../../protocol/shells/probeParts.ts";

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
  known: KnownSightings;
  now: () => number;
  listener: ProbeListener;
}

/** A host that its agent reads: it is told how often, and silence alone says that it is away. */
export class FedPoller implements Poller {
  readonly target: ShellTarget;
  readonly #options: FedPollerOptions;
  readonly #sightings: HostSightings;

  constructor(options: FedPollerOptions) {
    const { target, feed, cadenceMs, known, now } = options;
    this.#options = options;
    this.target = target;
    this.#sightings = new HostSightings(now, cadenceMs, known);
    feed?.setCadence(cadenceMs);
  }

  get latest(): HostReading | null {
    return this.#sightings.latest;
  }

  signals(): HostSignals {
    return this.#sightings.signals();
  }

  setCadence(cadenceMs: number): void {
    if (cadenceMs === this.#sightings.cadenceMs) return;
    this.#sightings.cadenceMs = cadenceMs;
    this.#options.feed?.setCadence(cadenceMs);
  }

  retryNow(): void {
    // an agent tries by itself
  }

  adopt(reading: HostReading): void {
    this.#sightings.seen(this.#sightings.cadenceMs);
    this.#sightings.take(reading);
    this.#options.listener.onReading(reading);
  }

  /** The agent says that the host cannot be read. */
  fail(reason: string): void {
    const code = "host-shell-failed" satisfies ProblemCode;
    const failure = this.#sightings.fail({ code, reason, needsLogin: false });
    this.#options.listener.onFailure(this.target.id, failure);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
