import type { HostShells, ShellTarget } from "../../protocol/shells/hostShell.ts";
import type { Stage } from "./stageJob.ts";

/** Calls back once after a time; the result stops it. */
export type After = (ms: number, callback: () => void) => () => void;

/** How long dispatch waits for what. */
export interface DispatchLimits {
  /** For a shell to open and for each answer while a job is being started. */
  startMs: number;
  /** Without any byte of the workspace moving. */
  stallMs: number;
  /** Between TERM and KILL, at the time limit and on cancelling. */
  graceMs: number;
  /** For the next byte of an ended job's log. */
  drainMs: number;
  /** Between attempts to reach a host again: doubles from the first to the second. */
  backoffMinMs: number;
  backoffMaxMs: number;
}

export const defaultDispatchLimits: DispatchLimits = {
  startMs: 30_000,
  stallMs: 60_000,
  graceMs: 10_000,
  drainMs: 10_000,
  backoffMinMs: 1_000,
  backoffMaxMs: 30_000,
};

/** What reaching a host takes. */
export interface RunnerDeps {
  shells: HostShells;
  /** What was made ahead for the next job of a host, to be used or closed; null where nothing was. */
  takeStage: (target: ShellTarget) => Stage | null;
  /** Letters and digits nobody can guess, 8 to 64 of them. */
  newNonce: () => string;
  after: After;
  limits: DispatchLimits;
}

/** Real time for `After`. */
export const realAfter: After = (ms, callback) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};
