import type { JobProgress, Jobs, JobStep } from "../../service/dispatch/jobs.ts";
import type { JobId } from "../../protocol/ids.ts";
import { isJobEnded, jobTransitions, type JobRecord } from "../../protocol/job.ts";

/** Jobs in memory that hold to the table of transitions, and remember every step. */
export interface MemoryJobs extends Jobs {
  readonly steps: readonly { id: JobId; step: JobStep; actor: string }[];
  put(job: JobRecord): JobRecord;
  must(id: JobId): JobRecord;
  all(): JobRecord[];
  /** Fulfils once a job is as wanted; rejects when it takes too long. */
  until(id: JobId, wanted: (job: JobRecord) => boolean, limitMs?: number): Promise<JobRecord>;
}

export function createMemoryJobs(): MemoryJobs {
  const records = new Map<JobId, JobRecord>();
  const steps: { id: JobId; step: JobStep; actor: string }[] = [];
  const watchers = new Set<() => void>();
  const must = (id: JobId): JobRecord => {
    const job = records.get(id);
    if (!job) throw new RangeError(`no job ${id}`);
    return job;
  };
  const put = (job: JobRecord): JobRecord => {
    records.set(job.id, { ...job, revision: job.revision + 1 });
    for (const watcher of [...watchers]) watcher();
    return must(job.id);
  };
  return {
    steps,
    put,
    must,
    all: () => [...records.values()],
    get: (id) => records.get(id) ?? null,
    active: () => [...records.values()].filter((job) => !isJobEnded(job.state)),
    advance(id, step, actor) {
      const job = must(id);
      if (!jobTransitions[job.state].includes(step.to))
        throw new RangeError(`${job.state} does not lead to ${step.to}`);
      steps.push({ id, step, actor });
      return put(advanced(job, step));
    },
    note: (id, progress: JobProgress) => put({ ...must(id), ...progress }),
    until(id, wanted, limitMs = 15_000) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          watchers.delete(look);
          reject(new Error(`waited ${limitMs} ms: ${JSON.stringify(records.get(id))}`));
        }, limitMs);
        function look(): void {
          const job = records.get(id);
          if (!job || !wanted(job)) return;
          clearTimeout(timer);
          watchers.delete(look);
          resolve(job);
        }
        watchers.add(look);
        look();
      });
    },
  };
}

function advanced(job: JobRecord, step: JobStep): JobRecord {
  switch (step.to) {
    case "syncing":
      return { ...job, state: "syncing" };
    case "running":
      return {
        ...job,
        state: "running",
        interpreter: step.interpreter,
        directory: step.directory,
        archiveBytes: step.archiveBytes,
        startedAtMs: Date.now(),
      };
    case "succeeded":
    case "failed":
    case "cancelled":
    case "timed-out":
    case "lost":
      return {
        ...job,
        state: step.to,
        exitCode: step.exitCode,
        cause: step.cause,
        logBytes: step.logBytes,
        logSha256: step.logSha256,
        logComplete: step.logComplete,
        endedAtMs: Date.now(),
      };
  }
}
