import type { Readable } from "node:stream";
import type { HostId, JobId } from "../../protocol/ids.ts";
import type { JobRecord, JobSpec } from "../../protocol/job.ts";
import type { HostShells, ShellTarget } from "../../protocol/shells/hostShell.ts";
import { createJobScribe } from "./createJobScribe.ts";
import type { LogStore } from "./createLogStore.ts";
import {
  type After,
  type DispatchLimits,
  type RunnerDeps,
  defaultDispatchLimits,
  realAfter,
} from "./dispatchDeps.ts";
import type { Jobs } from "./jobs.ts";
import { leaveHost, type LeavingHosts } from "./leaveHost.ts";
import { newJobTask, type JobTask } from "./jobTask.ts";
import { interruptedRefusal, startJob } from "./startJob.ts";
import { superviseJob, type DispatchCore } from "./superviseJob.ts";
import { writeDown } from "./writeDown.ts";

export interface DispatcherDeps {
  shells: HostShells;
  /** Without it nothing is made ahead. */
  takeStage?: RunnerDeps["takeStage"];
  jobs: Jobs;
  /** The way to a host; null when it is no longer in the fleet. */
  hostOf: (id: HostId) => ShellTarget | null;
  logs: LogStore;
  /** The service's clock, in ms since 1970. */
  now: () => number;
  newNonce: RunnerDeps["newNonce"];
  limits?: Partial<DispatchLimits>;
  /** Called after every change of a job that dispatch makes. */
  onChange?: (job: JobRecord) => void;
  /** Says what went wrong inside, for the service's own log. */
  log: (message: string, error: unknown) => void;
  after?: After;
  /** In [0, 1). */
  random?: () => number;
}

/** Starts jobs on hosts, mirrors their logs and writes down how they end. */
export interface Dispatcher {
  /**
   * Sends the workspace (a tar stream) of a placed job to its host and starts it. Fulfils when it runs, when it ended
   * without having started, or when the connection broke so that nobody knows yet (it is then still `syncing`, its
   * contact lost, and settled in the background), or its end could not be written down yet. The archive is used up or destroyed in every case.
   */
  start(job: JobRecord, spec: JobSpec, archive: Readable): Promise<JobRecord>;
  /** Cancels a job, at once or as soon as its host can be reached again; its end comes through `onChange`. */
  cancel(job: JobRecord, by: string): Promise<void>;
  /**
   * Ends every job of a host that somebody takes out of the fleet, whether or not the host answers: as lost where it may
   * have started. Its connections should be cut beside this. Fulfils when each end is durable, within seconds.
   */
  leaveHost(id: HostId, by: string): Promise<void>;
  /** Takes up every job that has not ended. Call it once, at the service's start. */
  recover(): void;
  /** Lets go of all hosts. Running jobs run on; what was being sent ends as `interrupted`. */
  stop(): Promise<void>;
}

/** Makes the dispatcher; nothing runs before `start` or `recover`. */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const stopping = new AbortController();
  const leaving: LeavingHosts = new Map();
  const core = coreOf(deps, stopping.signal, leaving);
  const tasks = new Map<JobId, JobTask>();
  const works = new Map<JobId, Promise<void>>();

  const take = (job: JobRecord): JobTask => {
    const task = newJobTask(job.id, job.cancelRequestedBy);
    tasks.set(job.id, task);
    return task;
  };
  const keep = (task: JobTask, work: Promise<unknown>): void => {
    const tracked = work.then(
      () => {},
      (error: unknown) => core.log(`job ${task.id} was let go of`, error),
    );
    works.set(task.id, tracked);
    void tracked.then(() => {
      if (works.get(task.id) === tracked) works.delete(task.id);
      task.stopNote?.();
      if (tasks.get(task.id) === task) tasks.delete(task.id);
    });
  };
  const resume = (job: JobRecord): void => {
    const task = take(job);
    const mayRun = job.state === "syncing" || job.state === "running";
    const settle = (): Promise<void> =>
      core.scribe.notStarted(job.id, interruptedRefusal(job), task.cancelledBy);
    keep(task, mayRun ? superviseJob(core, task, null) : writeDown(core, task, settle));
  };

  return {
    async start(job, spec, archive) {
      archive.on("error", () => {});
      if (tasks.has(job.id) || stopping.signal.aborted) archive.destroy();
      else {
        const task = take(job);
        const starting = startJob(core, task, { job, spec, archive });
        keep(
          task,
          starting.then((launch) => (launch ? superviseJob(core, task, launch) : undefined)),
        );
        const answered = starting.then((launch) => (launch ? task.answered.promise : undefined));
        await Promise.race([answered, task.answered.promise]);
      }
      return deps.jobs.get(job.id) ?? job;
    },
    async cancel(job, by) {
      const task = tasks.get(job.id);
      if (task) cancelTask(task, job, by);
      else if (core.scribe.active(job.id)) resume({ ...job, cancelRequestedBy: by });
      return Promise.resolve();
    },
    async leaveHost(id, by) {
      leaving.set(id, by);
      try {
        const jobs = deps.jobs.active().filter((job) => job.hostId === id);
        const letGo = (): Promise<unknown> => Promise.all(jobs.flatMap((job) => works.get(job.id) ?? []));
        await leaveHost({ scribe: core.scribe, after: core.after, tasks, letGo }, jobs, by);
      } finally {
        leaving.delete(id);
      }
    },
    recover() {
      for (const job of deps.jobs.active()) if (!tasks.has(job.id)) resume(job);
    },
    async stop() {
      stopping.abort();
      for (const task of tasks.values()) {
        const job = deps.jobs.get(task.id);
        if (job) task.abort.abort(interruptedRefusal(job));
        task.follower?.close();
        task.wake();
      }
      await letGo(works, core);
    },
  };
}

/** How long letting go of hosts may take, whatever hangs. */
const stopMs = 5_000;

async function letGo(works: ReadonlyMap<JobId, Promise<void>>, { after, log }: DispatchCore): Promise<void> {
  const limit = Promise.withResolvers<"late">();
  const stop = after(stopMs, () => limit.resolve("late"));
  while (works.size > 0)
    if ((await Promise.race([Promise.all(works.values()), limit.promise])) === "late") {
      log(`${works.size} jobs are let go of that did not end in time`, new Error("the limit is over"));
      return;
    }
  stop();
}

function cancelTask(task: JobTask, job: JobRecord, by: string): void {
  task.cancelledBy ??= by;
  task.abort.abort(interruptedRefusal(job));
  task.follower?.send(`cancel ${task.cancelledBy}`);
  task.wake();
}

function coreOf(deps: DispatcherDeps, stopping: AbortSignal, leaving: LeavingHosts): DispatchCore {
  const { jobs, logs, now, log } = deps;
  const after = deps.after ?? realAfter;
  const onChange = deps.onChange ?? (() => {});
  return {
    shells: deps.shells,
    takeStage: deps.takeStage ?? (() => null),
    newNonce: deps.newNonce,
    limits: { ...defaultDispatchLimits, ...deps.limits },
    random: deps.random ?? Math.random,
    scribe: createJobScribe({ jobs, logs, now, after, onChange, log }),
    hostOf: (id) => (leaving.has(id) ? null : deps.hostOf(id)),
    removedBy: (id) => leaving.get(id) ?? null,
    logs,
    after,
    log,
    stopping,
  };
}
