import type { JobRecord } from "../../protocol/job.ts";
import { exitCodes } from "./exitCodes.ts";

/** What `dispatch --follow` ends with: the job's own exit code, but 0 for a job that succeeded alone. */
export function exitCodeOf({ state, exitCode }: Pick<JobRecord, "state" | "exitCode">): number {
  if (state === "succeeded") return exitCodes.done;
  return exitCode !== null && exitCode >= 1 && exitCode <= 255 ? exitCode : exitCodes.ours;
}
