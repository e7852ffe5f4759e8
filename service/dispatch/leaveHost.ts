import type { HostId, JobId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import { lostJob, type JobEnding } from "../../protocol/runner/jobEnding.ts";
import type { After } from "./dispatchDeps.ts";
import type { JobScribe } from "./createJobScribe.ts";
import type { JobTask } from "./jobTask.ts";

/** Time for those who stay with the jobs to let go of them, in milliseconds. */
const lettingGoMs = 3_000;

/** What ending the jobs of a host takes. */
export interface LeavingNeeds {
  scribe: JobScribe;
  after: After;
  tasks: ReadonlyMap<JobId, JobTask>;
  /** Fulfils when every task has been let go of. */
  letGo: () => Promise<unknown>;
}

/**
 * Ends these jobs of a host that somebody takes out of the fleet: as failed what was not started, as lost what may have
 * been. The host's own word is no longer waited for.
 */
export async function leaveHost(needs: LeavingNeeds, jobs: readonly JobRecord[], by: string): Promise<void> {
  const { scribe, after, tasks } = needs;
  for (const job of jobs) {
    const task = tasks.get(job.id);
    task?.abort.abort(removedRefusal(job, by));
    task?.follower?.close();
    task?.wake();
  }
  const late = Promise.withResolvers<void>();
  const stop = after(lettingGoMs, late.resolve);
  await Promise.race([needs.letGo(), late.promise]);
  stop();
  for (const { id } of jobs) {
    const job = scribe.active(id);
    if (!job || isJobEnded(job.state)) continue;
    const mayRun = job.state === "syncing" || job.state === "running";
    if (mayRun) await scribe.ended(id, leftBehind(job, by), { whole: false, lastedMs: null }, by);
    else await scribe.notStarted(id, removedRefusal(job, by), null);
  }
}

/** The end of a job that may run on a host which is no longer in the fleet: nobody will hear of it. */
export function leftBehind(job: JobRecord, by: string | null): JobEnding {
  const what = by === null ? "is no longer part of the fleet" : `was taken out of the fleet by ${nameOf(by)}`;
  return lostJob(`${job.host} ${what}; whether the job still runs there or ran to its end is not known`);
}

function removedRefusal(job: JobRecord, by: string): Refusal {
  return new Refusal("host-removed", { job: job.id, host: job.host, by: nameOf(by) });
}

function nameOf(actor: string): string {
  return actor.replace(/^user\//, "");
}

/** The hosts that are on their way out of the fleet, and who removes them. */
export type LeavingHosts = Map<HostId, string>;
