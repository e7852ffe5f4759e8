import type { JobId } from "../../protocol/ids.ts";
import type { Launch } from "./launchJob.ts";
import type { Runner } from "./openRunner.ts";

/** One job in the dispatcher's hands, from its start or the service's until its end. */
export interface JobTask {
  readonly id: JobId;
  /** Takes back a start that the host has not been told of, and ends every wait for the host. */
  readonly abort: AbortController;
  /** Who wants it cancelled. */
  cancelledBy: string | null;
  /** How its start by this run of the service went; null where an earlier run began it. */
  launch: Launch | null;
  /** The runner that follows it now. */
  follower: Runner | null;
  /** Ends the pause between two attempts. */
  wake: () => void;
  /** Fulfilled once the host answered, or could not be asked. */
  readonly answered: PromiseWithResolvers<void>;
  /** Failed attempts to reach the host since it last answered. */
  attempts: number;
  /** Failed attempts to keep its log since bytes of it were last kept; null before the first bytes. */
  unkept: number | null;
  /** Bytes held when the log last came up short: no progress since means that nothing more will come. */
  shortAtBytes: number | null;
  /** How often what was held turned out not to be the job's log. */
  foreign: number;
  notedAtMs: number;
  /** Stops the note of a grown log that is due. */
  stopNote: (() => void) | null;
}

export function newJobTask(id: JobId, cancelledBy: string | null): JobTask {
  return {
    id,
    abort: new AbortController(),
    cancelledBy,
    launch: null,
    follower: null,
    wake: () => {},
    answered: Promise.withResolvers<void>(),
    attempts: 0,
    unkept: null,
    shortAtBytes: null,
    foreign: 0,
    notedAtMs: 0,
    stopNote: null,
  };
}
