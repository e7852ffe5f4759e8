import type { JobId } from "../ids.ts";
import type { HostReading } from "../reading.ts";
import type { HostShells } from "./hostShell.ts";

/** What the prober is made of; time and chance come from outside. */
export interface ProbeParts {
  shells: HostShells;
  /** The service's clock, in milliseconds. */
  now: () => number;
  /** Calls once after a delay; the result takes it back. */
  setTimer: (run: () => void, delayMs: number) => () => void;
  /** Whether a job is one of the fleet's that runs on a host now. */
  isJobOn: (hostId: string, jobId: JobId) => boolean;
  /** Uniform in 0 ≤ n < 1. */
  random: () => number;
  log: ProbeLog;
}

/** Where the prober writes what an operator may want to know; pino fits. */
export interface ProbeLog {
  debug(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/** Why a host could not be read. */
export interface ProbeFailure {
  atMs: number;
  code: string;
  reason: string;
  needsLogin: boolean;
}

/** Who hears of readings and failures. */
export interface ProbeListener {
  onReading(reading: HostReading): void;
  onFailure(hostId: string, failure: ProbeFailure): void;
}

export const backgroundCadenceMs = 15_000;
export const watchedCadenceMs = 1_000;

/** How one reading is taken. */
export interface ProbeOnceOptions {
  /** Whether somebody is there to answer what the host asks. */
  attended: boolean;
  timeoutMs: number;
  /** Ends it early: nobody wants it any more. */
  signal?: AbortSignal;
}
