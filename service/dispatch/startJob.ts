import type { Readable } from "node:stream";
import type { JobRecord, JobSpec } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { JobTask } from "./jobTask.ts";
import { launchJob, type Launch } from "./launchJob.ts";
import { refusalOf } from "./openRunner.ts";
import type { DispatchCore } from "./superviseJob.ts";
import { writeDown } from "./writeDown.ts";

/** Takes a placed job to its start. Null when it ended without: cancelled, or failed with the reason. */
export async function startJob(
  core: DispatchCore,
  task: JobTask,
  given: { job: JobRecord; spec: JobSpec; archive: Readable },
): Promise<Launch | null> {
  const { job, spec, archive } = given;
  if (!core.scribe.active(job.id)) {
    archive.destroy();
    return null;
  }
  try {
    const target = core.hostOf(job.hostId);
    if (!target) throw new Refusal("host-not-found", { host: job.host, known: "see `hwledger host ls`" });
    if (task.cancelledBy !== null) throw interruptedRefusal(job);
    const { signal } = task.abort;
    const { stopping } = core;
    // until then it is `placed`: it waits for its host to have room for it
    const onOpen = (): void => core.scribe.syncing(job.id);
    return await launchJob(core, { jobId: job.id, spec, target, archive, signal, stopping, onOpen });
  } catch (error) {
    archive.destroy();
    if (!(error instanceof Refusal)) core.log(`job ${job.id} could not be started`, error);
    const refusal = refusalOf(error, job.host);
    await writeDown(core, task, () => core.scribe.notStarted(job.id, refusal, task.cancelledBy));
    return null;
  }
}

/** The reason of a job that the service let go of before it started. */
export function interruptedRefusal(job: JobRecord): Refusal {
  return new Refusal("interrupted", { job: job.id, host: job.host });
}
