import {
  isJobEnded,
  jobTransitions,
  type JobCause,
  type JobRecord,
  type JobState,
} from "../../protocol/job.ts";
import type { NewEvent } from "../../protocol/ledger/events.ts";

/** A step of a job's life that is an event in the ledger. */
export type JobStep =
  | { to: "syncing" }
  | { to: "running"; interpreter: string; directory: string; archiveBytes: number; archiveSha256: string }
  | {
      to: "succeeded" | "failed" | "cancelled" | "timed-out" | "lost";
      exitCode: number | null;
      cause: JobCause;
      logBytes: number;
      logSha256: string | null;
      /** Whether every byte of the log is held. */
      logComplete: boolean;
      /** From start to end, as the host measured it; null where it cannot say. */
      lastedMs: number | null;
    };

/** The event that a step is. Throws a RangeError for a transition that the table does not allow. */
export function decideJob(job: JobRecord, step: JobStep, actor: string): NewEvent {
  if (!jobTransitions[job.state].includes(step.to))
    throw new RangeError(`${job.id} cannot go from ${job.state} to ${step.to}`);
  const jobId = job.id;
  switch (step.to) {
    case "syncing":
      return { type: "job.syncing", actor, payload: { jobId } };
    case "running": {
      const { interpreter, directory, archiveBytes, archiveSha256 } = step;
      return {
        type: "job.running",
        actor,
        payload: { jobId, interpreter, directory, archiveBytes, archiveSha256 },
      };
    }
    case "succeeded":
    case "failed":
    case "cancelled":
    case "timed-out":
    case "lost": {
      const { exitCode, cause, logBytes, logSha256, lastedMs } = step;
      const payload = { jobId, exitCode, cause, logBytes, logSha256, lastedMs };
      return { type: `job.${step.to}`, actor, payload };
    }
  }
}

/** The job after a step that was decided. */
export function evolveJob(job: JobRecord, step: JobStep, atMs: number): JobRecord {
  const next: JobRecord = { ...job, state: step.to satisfies JobState, revision: job.revision + 1 };
  switch (step.to) {
    case "syncing":
      return next;
    case "running":
      return {
        ...next,
        interpreter: step.interpreter,
        directory: step.directory,
        archiveBytes: step.archiveBytes,
        startedAtMs: atMs,
      };
    case "succeeded":
    case "failed":
    case "cancelled":
    case "timed-out":
    case "lost":
      return {
        ...next,
        exitCode: step.exitCode,
        cause: step.cause,
        logBytes: step.logBytes,
        logSha256: step.logSha256,
        logComplete: step.logComplete,
        contact: { kind: "ok" },
        ...(job.logStall ? { logStall: null } : {}),
        ...timesOf(job, step.lastedMs, atMs),
      };
  }
}

/**
 * When a job began and ended whose end the service heard of at a time. The host measured how long it lasted; the service may
 * have heard late of the end, or, where it was away, of the beginning.
 */
function timesOf(
  { createdAtMs, startedAtMs }: JobRecord,
  lastedMs: number | null,
  heardAtMs: number,
): Pick<JobRecord, "startedAtMs" | "endedAtMs"> {
  if (startedAtMs === null || lastedMs === null) return { startedAtMs, endedAtMs: heardAtMs };
  const endedAtMs = Math.min(heardAtMs, startedAtMs + lastedMs);
  const began = Math.min(startedAtMs, Math.max(createdAtMs, endedAtMs - lastedMs));
  return { startedAtMs: began, endedAtMs };
}

/** Whether asking for a job's end makes sense. */
export function canCancel(job: JobRecord): boolean {
  return !isJobEnded(job.state);
}
