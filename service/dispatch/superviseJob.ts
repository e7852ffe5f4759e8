import type { HostId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { followScript } from "../../protocol/runner/followScript.ts";
import { jobEnding, lostJob, type JobEnding } from "../../protocol/runner/jobEnding.ts";
import type { JobEvidence } from "../../protocol/runner/runnerReport.ts";
import type { ShellTarget } from "../ssh/hostShell.ts";
import { backoffMs } from "./backoffMs.ts";
import type { JobScribe } from "./createJobScribe.ts";
import type { LogStore } from "./createLogStore.ts";
import type { RunnerDeps } from "./dispatchDeps.ts";
import { followSession, type SessionEnd } from "./followSession.ts";
import type { JobTask } from "./jobTask.ts";
import type { Launch } from "./launchJob.ts";
import { openRunner, type Runner } from "./openRunner.ts";
import { leftBehind } from "./leaveHost.ts";
import { interruptedRefusal } from "./startJob.ts";
import { asError } from "./within.ts";

/** What the parts of dispatch share. */
export interface DispatchCore extends RunnerDeps {
  scribe: JobScribe;
  logs: LogStore;
  /** The way to a host; null when it left the fleet, or is about to. */
  hostOf: (id: HostId) => ShellTarget | null;
  /** Who takes a host out of the fleet; null where nobody does just now. */
  removedBy: (id: HostId) => string | null;
  log: (message: string, error: unknown) => void;
  random: () => number;
  /** Aborted when the service lets go of all hosts. */
  stopping: AbortSignal;
}

/**
 * Stays with a job that runs, or may run, until there is evidence of its end. A broken connection is tried again with
 * growing pauses and ends nothing.
 */
export async function superviseJob(core: DispatchCore, task: JobTask, launch: Launch | null): Promise<void> {
  let runner = launch?.kind === "started" ? launch.runner : null;
  let end: SessionEnd | null = launch?.kind === "unknown" ? { kind: "broken", reason: launch.reason } : null;
  for (;;) {
    const job = core.scribe.active(task.id);
    if (!job) return runner?.close();
    end ??= await attempt(core, task, job, runner);
    runner = null;
    if (core.stopping.aborted && end.kind === "broken") return task.answered.resolve();
    try {
      if (await settle(core, task, end)) return task.answered.resolve();
    } catch (error) {
      core.log(`what became of job ${task.id} could not be noted`, error);
      task.attempts += 1;
    }
    end = null;
    task.answered.resolve();
    await pause(core, task, job);
    if (core.stopping.aborted) return;
  }
}

async function attempt(
  core: DispatchCore,
  task: JobTask,
  job: JobRecord,
  given: Runner | null,
): Promise<SessionEnd> {
  const { logs, limits, scribe, after } = core;
  try {
    const runner = given ?? (await reach(core, job));
    if (runner === null) return { kind: "gone" };
    task.follower = runner;
    if (core.stopping.aborted || core.hostOf(job.hostId) === null) runner.close();
    return await followSession(runner, {
      jobId: job.id,
      logs,
      after,
      drainMs: limits.drainMs,
      onFollowing(following) {
        task.attempts = 0;
        scribe.running(job.id, following);
        scribe.contactOk(job.id);
        task.answered.resolve();
        if (task.cancelledBy !== null) runner.send(`cancel ${task.cancelledBy}`);
      },
      onBytes: () => scribe.logGrew(task),
    });
  } catch (error) {
    return { kind: "broken", reason: asError(error).message };
  } finally {
    task.follower = null;
  }
}

/** A new connection to the job's host; null when the host is no longer in the fleet. */
async function reach(core: DispatchCore, job: JobRecord): Promise<Runner | null> {
  const target = core.hostOf(job.hostId);
  if (!target) return null;
  const script = (nonce: string): string =>
    followScript({
      jobId: job.id,
      nonce,
      offset: core.logs.size(job.id),
      graceMs: core.limits.graceMs,
      claim: job.state === "syncing",
    });
  return openRunner(core, target, script, core.stopping);
}

/** Notes what a session showed; true when the job has ended. */
async function settle(core: DispatchCore, task: JobTask, end: SessionEnd): Promise<boolean> {
  const job = core.scribe.active(task.id);
  if (!job) return true;
  switch (end.kind) {
    case "broken":
      core.scribe.contactLost(job.id, end.reason);
      task.attempts += 1;
      return false;
    case "unstarted":
    case "gone":
      await settleTraceless(core, task, job, end.kind);
      return true;
    case "over":
      if (!end.whole && task.shortAtBytes !== core.logs.size(job.id)) {
        task.shortAtBytes = core.logs.size(job.id);
        return false;
      }
      await core.scribe.ended(job.id, endingOf(end.evidence, task, job), {
        whole: end.whole,
        lastedMs: end.evidence.kind === "ended" ? end.evidence.lastedMs : null,
      });
      return true;
  }
}

function settleTraceless(
  core: DispatchCore,
  task: JobTask,
  job: JobRecord,
  kind: "unstarted" | "gone",
): Promise<void> {
  if (job.state === "syncing" && (kind === "unstarted" || core.hostOf(job.hostId)))
    return core.scribe.notStarted(job.id, interruptedRefusal(job), task.cancelledBy);
  const trace = kind === "gone" ? "folder" : "start record";
  const ending = core.hostOf(job.hostId)
    ? lostJob(`its ${trace} on ${job.host} is gone`)
    : leftBehind(job, core.removedBy(job.hostId));
  return core.scribe.ended(job.id, ending, { whole: false, lastedMs: null });
}

function endingOf(evidence: JobEvidence, task: JobTask, job: JobRecord): JobEnding {
  const ending = jobEnding(evidence, job.timeoutMs);
  if (ending.cause.kind !== "cancelled" || ending.cause.by !== "") return ending;
  return { ...ending, cause: { kind: "cancelled", by: task.cancelledBy ?? "somebody" } };
}

function pause(core: DispatchCore, task: JobTask, job: JobRecord): Promise<void> {
  const { backoffMinMs, backoffMaxMs } = core.limits;
  const ms = backoffMs(
    Math.max(1, task.attempts),
    { minMs: backoffMinMs, maxMs: backoffMaxMs },
    core.random(),
  );
  return new Promise((resolve) => {
    const stop = core.after(ms, resolve);
    task.wake = () => {
      stop();
      resolve();
    };
    if (core.stopping.aborted || core.hostOf(job.hostId) === null) task.wake();
  });
}
