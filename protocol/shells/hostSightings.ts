import type { HostSignals } from "../hostStatus.ts";
import type { HostReading } from "../reading.ts";
import type { ProbeFailure } from "./probeParts.ts";

/** What is known of a host that was read before in another way. */
export interface KnownSightings {
  latest: HostReading | null;
  lastSeenAtMs: number | null;
}

/** What a host has shown of itself so far: its newest reading, and what the liveness rule needs. */
export class HostSightings {
  readonly #now: () => number;
  /** How often it is to be read. */
  cadenceMs: number;
  /** The cadence that the last signs of life came with; a quicker one counts from its first. */
  #signalCadenceMs: number;
  #lastSeenAtMs: number | null;
  #failure: ProbeFailure | null = null;
  #latest: HostReading | null;

  constructor(now: () => number, cadenceMs: number, known: KnownSightings) {
    this.#now = now;
    this.cadenceMs = cadenceMs;
    this.#signalCadenceMs = cadenceMs;
    this.#latest = known.latest;
    this.#lastSeenAtMs = known.lastSeenAtMs;
  }

  get latest(): HostReading | null {
    return this.#latest;
  }

  signals(): HostSignals {
    return {
      lastSeenAtMs: this.#lastSeenAtMs,
      cadenceMs: Math.max(this.cadenceMs, this.#signalCadenceMs),
      failure: this.#failure,
    };
  }

  /** It has given a sign of life; at which cadence, where it was given by what reads it without end. */
  seen(cadenceMs = this.#signalCadenceMs): void {
    this.#signalCadenceMs = cadenceMs;
    this.#lastSeenAtMs = this.#now();
    this.#failure = null;
  }

  take(reading: HostReading): void {
    this.#latest = reading;
  }

  /** It could not be read. The same failure once more began when it began. */
  fail(failure: Omit<ProbeFailure, "atMs">): ProbeFailure {
    const atMs = this.#failure?.code === failure.code ? this.#failure.atMs : this.#now();
    return (this.#failure = { ...failure, atMs });
  }
}
