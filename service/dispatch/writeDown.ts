import { backoffMs } from "./backoffMs.ts";
import type { JobTask } from "./jobTask.ts";
import type { DispatchCore } from "./superviseJob.ts";

/**
 * Writes down what became of a job, again and again with growing pauses until that is done: the service's disk may be
 * full, or its database busy. Gives up only when the service lets go; the next one finds the job as it was.
 */
export async function writeDown(
  core: DispatchCore,
  task: JobTask,
  write: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await write();
      return;
    } catch (error) {
      core.log(`what became of job ${task.id} could not be noted`, error);
    }
    task.answered.resolve();
    await pause(core, task, attempt);
    if (core.stopping.aborted) return;
  }
}

/** The pause before the next attempt; a cancel, or the service's end, ends it at once. */
export function pause(core: DispatchCore, task: JobTask, attempt: number): Promise<void> {
  const { backoffMinMs, backoffMaxMs } = core.limits;
  const ms = backoffMs(Math.max(1, attempt), { minMs: backoffMinMs, maxMs: backoffMaxMs }, core.random());
  return new Promise((resolve) => {
    const stop = core.after(ms, resolve);
    task.wake = () => {
      stop();
      resolve();
    };
    if (core.stopping.aborted) task.wake();
  });
}
