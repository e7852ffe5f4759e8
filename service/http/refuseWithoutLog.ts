import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";

/** Refuses the log of an ended job of which nothing is held any more, as after a restore without logs. An empty one is none. */
export function refuseWithoutLog({ id, state, logBytes }: JobRecord, heldBytes: number): void {
  if (isJobEnded(state) && heldBytes === 0 && logBytes > 0)
    throw new Refusal("log-not-available", { job: id });
}
