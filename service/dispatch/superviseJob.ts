import type { HostId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import { followScript } from "../../protocol/runner/followScript.ts";
import { jobEnding, lostJob, type JobEnding } from "../../protocol/runner/jobEnding.ts";
import type { JobEvidence } from "../../protocol/runner/runnerReport.ts";
import type { ShellTarget } from "../../protocol/shells/hostShell.ts";
import { serviceActor, type JobScribe } from "./createJobScribe.ts";
import type { LogStore } from "./createLogStore.ts";
import type { RunnerDeps } from "./dispatchDeps.ts";
import { followSession, type SessionEnd } from "./followSession.ts";
import type { JobTask } from "./jobTask.ts";
import type { Launch } from "./launchJob.ts";
import { openRunner, type Runner } from "./openRunner.ts";
import { leftBehind } from "./leaveHost.ts";
import { interruptedRefusal } from "./startJob.ts";
import { brokenReason } from "./readReports.ts";
import { asError } from "./within.ts";
import { pause, writeDown } from "./writeDown.ts";

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
  task.launch = launch;
  let runner = launch?.kind === "started" ? launch.runner : null;
  let end: SessionEnd | null = launch?.kind === "unknown" ? { kind: "broken", reason: launch.reason } : null;
  for (;;) {
    const job = core.scribe.active(task.id);
    if (!job) return runner?.close();
    end ??= await attempt(core, task, job, runner);
    runner = null;
    const isUnsettled = end.kind === "broken" || end.kind === "yielded" || end.kind === "unkept";
    if (core.stopping.aborted && isUnsettled) return task.answered.resolve();
    if (end.kind === "yielded") {
      end = null;
      continue;
    }
    if (await settle(core, task, end)) return task.answered.resolve();
    const attempts = end.kind === "unkept" ? (task.unkept ?? 0) : task.attempts;
    end = null;
    task.answered.resolve();
    if (core.hostOf(job.hostId) !== null) await pause(core, task, attempts);
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
      onBytes() {
        if (task.unkept !== 0) scribe.logFlows(job.id);
        task.unkept = 0;
        scribe.logGrew(task);
      },
    });
  } catch (error) {
    return { kind: "broken", reason: brokenReason(error) };
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
  return openRunner(core, target, script, { signal: core.stopping, yields: true });
}

/** Notes what a session showed; true when the job has ended. */
async function settle(
  core: DispatchCore,
  task: JobTask,
  end: Exclude<SessionEnd, { kind: "yielded" }>,
): Promise<boolean> {
  const job = core.scribe.active(task.id);
  if (!job) return true;
  switch (end.kind) {
    case "broken":
      task.attempts += 1;
      try {
        core.scribe.contactLost(job.id, end.reason);
      } catch (error) {
        core.log(`the lost contact of job ${job.id} could not be noted`, error);
      }
      return false;
    case "unkept":
      core.log(`the log of job ${job.id} could not be kept`, end.error);
      task.unkept = (task.unkept ?? 0) + 1;
      try {
        core.scribe.logStalled(job.id, stallReason(end.error));
      } catch (error) {
        core.log(`that the log of job ${job.id} stands still could not be noted`, error);
      }
      return false;
    case "unstarted":
    case "gone": {
      const { kind } = end;
      await writeDown(core, task, () => settleTraceless(core, task, job, kind));
      return true;
    }
    case "over": {
      const { evidence } = end;
      let whole = end.whole;
      try {
        whole &&= await isTheLog(core, task, evidence);
        if (end.whole && !whole && task.foreign <= mostForeign) {
          await core.logs.discard(job.id);
          return false;
        }
      } catch (error) {
        core.log(`the log of job ${job.id} could not be read again`, error);
        return false;
      }
      if (!end.whole && task.shortAtBytes !== core.logs.size(job.id)) {
        task.shortAtBytes = core.logs.size(job.id);
        return false;
      }
      const lastedMs = evidence.kind === "ended" ? evidence.lastedMs : null;
      const { ending, actor } = endingOf(evidence, task, job);
      await writeDown(core, task, () => core.scribe.ended(job.id, ending, { whole, lastedMs }, actor));
      return true;
    }
  }
}

/** How often a log is fetched anew into which something else had printed. */
const mostForeign = 3;

/** Whether what is held is the job's log, as far as its host can tell. */
async function isTheLog(core: DispatchCore, task: JobTask, evidence: JobEvidence): Promise<boolean> {
  if (evidence.kind !== "ended" || evidence.logSha256 === null) return true;
  if (await core.logs.isLog(task.id, evidence.logBytes, evidence.logSha256)) return true;
  task.foreign += 1;
  core.log(`something else on the host printed into the log of job ${task.id}`, { times: task.foreign });
  return false;
}

const diskFullCodes: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "storage-full"]);

/** For people: why the service cannot keep a log. */
function stallReason(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (diskFullCodes.has(code)) return `the disk of the service's machine is full (${String(code)})`;
  return `the service cannot keep it: ${asError(error).message}`;
}

function settleTraceless(
  core: DispatchCore,
  task: JobTask,
  job: JobRecord,
  kind: "unstarted" | "gone",
): Promise<void> {
  const neverRan = task.launch?.kind === "started" ? null : neverRanRefusal(task, job);
  if (job.state === "syncing" && neverRan && (kind === "unstarted" || core.hostOf(job.hostId)))
    return core.scribe.notStarted(job.id, neverRan, task.cancelledBy);
  const trace = kind === "gone" ? "folder" : "start record";
  const removedBy = core.removedBy(job.hostId);
  const ending = core.hostOf(job.hostId)
    ? lostJob(`its ${trace} on ${job.host} is gone`)
    : leftBehind(job, removedBy);
  return core.scribe.ended(job.id, ending, { whole: false, lastedMs: null }, removedBy ?? serviceActor);
}

function neverRanRefusal({ launch }: JobTask, job: JobRecord): Refusal {
  if (launch?.kind !== "unknown") return interruptedRefusal(job);
  return new Refusal("start-cut", { job: job.id, host: job.host, reason: launch.reason });
}

interface AttributedEnding {
  ending: JobEnding;
  /** Who stands in the ledger for it. */
  actor: string;
}

/** Who cancelled is what the service has on record; the host's word alone stands for no member. */
function endingOf(evidence: JobEvidence, task: JobTask, job: JobRecord): AttributedEnding {
  const ending =
    job.state === "syncing"
      ? lostJob("its host reported its end without ever having reported its start")
      : jobEnding(evidence, job.timeoutMs);
  if (ending.cause.kind !== "cancelled") return { ending, actor: serviceActor };
  const member = job.cancelRequestedBy ?? task.cancelledBy;
  const cause = { kind: "cancelled", by: member ?? `${job.host}, as it says itself` } as const;
  return { ending: { ...ending, cause }, actor: member ?? serviceActor };
}
