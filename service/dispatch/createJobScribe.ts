import type { JobId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { problemOf, type Refusal } from "../../protocol/problem.ts";
import type { JobEnding } from "../../protocol/runner/jobEnding.ts";
import type { LogStore } from "./createLogStore.ts";
import type { After } from "./dispatchDeps.ts";
import type { Following } from "./followSession.ts";
import type { Jobs, JobProgress } from "./jobs.ts";
import type { JobTask } from "./jobTask.ts";

/** Who stands in the ledger for what no member did. */
export const serviceActor = "service";
const actor = serviceActor;
/** At most one note of a growing log per this time. */
const noteEveryMs = 1_000;

export interface JobScribeDeps {
  jobs: Jobs;
  logs: LogStore;
  now: () => number;
  after: After;
  onChange: (job: JobRecord) => void;
  log: (message: string, error: unknown) => void;
}

/** What is held of an ended job's log, and how long its host says that it ran. */
export interface HeldLog {
  whole: boolean;
  lastedMs: number | null;
}

/** Writes down what becomes of jobs; says nothing twice. */
export interface JobScribe {
  /** The job, unless it has ended. */
  active(id: JobId): JobRecord | null;
  syncing(id: JobId): void;
  running(id: JobId, following: Following): void;
  /** Ends a job with the log as it is held; the hash is noted only where the log is whole. */
  ended(id: JobId, ending: JobEnding, log: HeldLog, by: string): Promise<void>;
  /** Ends a job that never ran. */
  notStarted(id: JobId, refusal: Refusal, cancelledBy: string | null): Promise<void>;
  /** Bytes came in: noted now or soon. */
  logGrew(task: JobTask): void;
  /** The service cannot keep the log at present, though its host is well. */
  logStalled(id: JobId, reason: string): void;
  /** Bytes of the log were kept: it stands still no more. */
  logFlows(id: JobId): void;
  contactOk(id: JobId): void;
  contactLost(id: JobId, reason: string): void;
}

export function createJobScribe(deps: JobScribeDeps): JobScribe {
  const { jobs, logs, now } = deps;
  const active = (id: JobId): JobRecord | null => {
    const job = jobs.get(id);
    return job && !isJobEnded(job.state) ? job : null;
  };
  const note = (id: JobId, progress: JobProgress): void => {
    if (active(id)) deps.onChange(jobs.note(id, progress));
  };
  const end = async (
    id: JobId,
    ending: JobEnding,
    { whole, lastedMs }: HeldLog,
    by: string,
  ): Promise<void> => {
    if (!active(id)) return;
    const { bytes, sha256 } = await logs.finish(id);
    if (!active(id)) return;
    const log = { logBytes: bytes, logSha256: whole ? sha256 : null, logComplete: whole };
    deps.onChange(jobs.advance(id, { ...ending, ...log, lastedMs }, by));
  };
  return {
    active,
    syncing(id) {
      if (jobs.get(id)?.state === "placed") deps.onChange(jobs.advance(id, { to: "syncing" }, actor));
    },
    running(id, following) {
      if (jobs.get(id)?.state !== "syncing") return;
      deps.onChange(jobs.advance(id, { to: "running", ...following }, actor));
    },
    ended: end,
    notStarted: (id, refusal, cancelledBy) => {
      if (cancelledBy !== null) return end(id, cancelledEnding(cancelledBy), noLog, cancelledBy);
      const { code, title, detail } = problemOf(refusal.code, refusal.facts);
      const cause = { kind: "not-started", code, title, detail } as const;
      return end(id, { to: "failed", exitCode: null, cause }, noLog, actor);
    },
    logGrew(task) {
      if (task.stopNote) return;
      const waitMs = Math.max(0, Math.min(noteEveryMs, task.notedAtMs + noteEveryMs - now()));
      task.stopNote = deps.after(waitMs, () => {
        task.stopNote = null;
        task.notedAtMs = now();
        try {
          note(task.id, { logBytes: logs.size(task.id) });
        } catch (error) {
          deps.log(`the log of job ${task.id} grew, which could not be noted`, error);
        }
      });
    },
    logStalled(id, reason) {
      const known = jobs.get(id)?.logStall;
      const atByte = logs.size(id);
      if (known?.reason === reason && known.atByte === atByte) return;
      note(id, { logBytes: atByte, logStall: { sinceMs: known?.sinceMs ?? now(), atByte, reason } });
    },
    logFlows(id) {
      if (jobs.get(id)?.logStall) note(id, { logStall: null });
    },
    contactOk(id) {
      if (jobs.get(id)?.contact.kind === "lost") note(id, { contact: { kind: "ok" } });
    },
    contactLost(id, reason) {
      const known = jobs.get(id)?.contact;
      const sinceMs = known?.kind === "lost" ? known.sinceMs : now();
      if (known?.kind === "lost" && known.reason === reason) return;
      const atByte = logs.size(id);
      note(id, { logBytes: atByte, contact: { kind: "lost", sinceMs, atByte, reason } });
    },
  };
}

/** Of a job that never ran. */
const noLog = { whole: false, lastedMs: null };

function cancelledEnding(by: string): JobEnding {
  return { to: "cancelled", exitCode: null, cause: { kind: "cancelled", by } };
}
