import type { JobId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import type { JobStep } from "../domain/decideJob.ts";

export type { JobStep } from "../domain/decideJob.ts";

/** What is known of a job in between events: not in the ledger. */
export interface JobProgress {
  logBytes?: number;
  contact?: JobRecord["contact"];
  logStall?: JobRecord["logStall"];
}

/** The jobs as dispatch needs them. The store implements this. */
export interface Jobs {
  get(id: JobId): JobRecord | null;
  /** Jobs that have not ended, oldest first. */
  active(): JobRecord[];
  /** Moves a job on: state change and event in one transaction. Throws a RangeError for an illegal transition. */
  advance(id: JobId, step: JobStep, actor: string): JobRecord;
  /** Notes progress in memory; no event. */
  note(id: JobId, progress: JobProgress): JobRecord;
}
