import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { hostIdSchema, jobIdSchema, type JobId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord, type JobSpec } from "../../protocol/job.ts";
import {
  createDispatcher,
  type Dispatcher,
  type DispatcherDeps,
} from "../../service/dispatch/createDispatcher.ts";
import { createLogStore, type LogStore } from "../../service/dispatch/createLogStore.ts";
import { defaultDispatchLimits, realAfter } from "../../service/dispatch/dispatchDeps.ts";
import { stageJob, type Stage } from "../../service/dispatch/stageJob.ts";
import type { HostShells, ShellTarget } from "../../protocol/shells/hostShell.ts";
import { createLocalShells, type LocalShells } from "./localShells.ts";
import { until } from "./until.ts";
import { createMemoryJobs, type MemoryJobs } from "./memoryJobs.ts";

/** Shells a job's host may have as /bin/sh. */
export type HostShellKind = "dash" | "busybox" | "bash";

/** Dispatch with everything real but the database and the network: a home, shells, files. */
export interface DispatchBench {
  home: string;
  shells: LocalShells;
  jobs: MemoryJobs;
  logs: LogStore;
  dispatcher: Dispatcher;
  /** Whether the fleet still has the host. */
  hasHost: boolean;
  /** Folder of a job on the host. */
  directoryOf(id: JobId): string;
  /** Makes a stage on the host, for the job that is started next; nothing where the bench is not `staged`. */
  stage(): Promise<void>;
  /** Lets go of a stage that no job took. */
  leaveStage(): void;
  /** Stages made ahead that are left on the host. */
  stagesLeft(): string[];
  /** A placed job, and its workspace's files. */
  place(files: Record<string, string>, spec?: Partial<JobSpec>): PlacedJob;
  /** Starts a job and fulfils when it has ended. */
  run(files: Record<string, string>, spec?: Partial<JobSpec>): Promise<JobRecord>;
  logOf(id: JobId): Promise<Buffer>;
  /** Another dispatcher on the same store and hosts, as after the service's end. */
  restart(): Promise<void>;
  /** What would be there had the service been killed: nothing is stopped on the host's side but its connections. */
  kill(): void;
  /** Processes on the host that stand in, or belong to, the job's folder. */
  processesOf(id: JobId): string[];
  end(): Promise<void>;
}

export interface PlacedJob {
  job: JobRecord;
  spec: JobSpec;
  archive: () => Readable;
}

export interface BenchOptions {
  shell?: HostShellKind;
  /** Programs of this machine that the host does not have. */
  hidden?: readonly string[];
  home?: string;
  limits?: DispatcherDeps["limits"];
  makeLogs?: (isComplete: (id: JobId) => boolean) => LogStore;
  /** Where the jobs' host is, if not this machine; give its shells by `wrap`. */
  target?: ShellTarget;
  wrap?: (shells: LocalShells) => HostShells;
  /** Each job that `run` starts finds a stage. */
  staged?: boolean;
  log?: DispatcherDeps["log"];
}

export function aSpec(changes: Partial<JobSpec> = {}): JobSpec {
  return {
    script: "main.sh",
    args: [],
    launch: { kind: "named", candidates: ["sh"], flags: [], language: "shell" },
    env: {},
    timeoutMs: null,
    ...changes,
  };
}

export function createDispatchBench(options: BenchOptions = {}): DispatchBench {
  const root = mkdtempSync(join(tmpdir(), "hwledger-dispatch-"));
  const home = options.home ?? join(root, "home");
  mkdirSync(home, { recursive: true });
  const env = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    LANG: "C.UTF-8",
    HOME: home,
  };
  const everyShells: LocalShells[] = [];
  const newShells = (): LocalShells => {
    const shells = createLocalShells({ shell: argvOf(options.shell ?? "dash", options.hidden ?? []), env });
    everyShells.push(shells);
    return shells;
  };
  const jobs = createMemoryJobs();
  const isComplete = (id: JobId): boolean => isJobEnded(jobs.get(id)?.state ?? "lost");
  const newLogs = (): LogStore =>
    options.makeLogs?.(isComplete) ?? createLogStore({ directory: join(root, "logs"), isComplete });
  const wrapped = (shells: LocalShells): HostShells => (options.wrap ? options.wrap(shells) : shells);
  const newNonce = (): string => randomBytes(12).toString("hex");
  let stage: Stage | null = null;
  const newDispatcher = (shells: LocalShells, logs: LogStore): Dispatcher =>
    createDispatcher({
      shells: wrapped(shells),
      takeStage() {
        const taken = stage;
        stage = null;
        return taken;
      },
      jobs,
      logs,
      hostOf: (id) =>
        bench.hasHost ? (options.target ?? { id, name: "box", connection: { kind: "local" } }) : null,
      now: Date.now,
      newNonce,
      limits: { graceMs: 1_000, drainMs: 2_000, backoffMinMs: 20, backoffMaxMs: 200, ...options.limits },
      log: options.log ?? ((message, error) => console.error(message, error)),
    });
  const bench: DispatchBench = {
    home,
    hasHost: true,
    jobs,
    ...(() => {
      const shells = newShells();
      const logs = newLogs();
      return { shells, logs, dispatcher: newDispatcher(shells, logs) };
    })(),
    directoryOf: (id) => join(home, ".hwledger/jobs", id),
    async stage() {
      if (!options.staged) return;
      const shells = wrapped(bench.shells);
      const box = options.target ?? { id: aJob(aSpec()).hostId, name: "box", connection: { kind: "local" } };
      const deps = { newNonce, after: realAfter, limits: defaultDispatchLimits };
      bench.leaveStage();
      stage = await stageJob(
        deps,
        [await shells.openShell(box), await shells.openShell(box)],
        box,
        new Promise(() => {}),
      );
    },
    leaveStage() {
      stage?.unpacker.close();
      stage?.starter.close();
      stage = null;
    },
    stagesLeft() {
      const jobsDir = join(home, ".hwledger/jobs");
      return existsSync(jobsDir) ? readdirSync(jobsDir).filter((name) => name.startsWith(".")) : [];
    },
    place(files, changes) {
      const spec = aSpec(changes);
      return { job: jobs.put(aJob(spec)), spec, archive: () => Readable.from([tarOf(files)]) };
    },
    async run(files, changes) {
      const { job, spec, archive } = bench.place(files, changes);
      await bench.stage();
      await bench.dispatcher.start(job, spec, archive());
      return jobs.until(job.id, (now) => now.endedAtMs !== null);
    },
    async logOf(id) {
      const parts: Buffer[] = [];
      for await (const part of bench.logs.read(id, 0)) parts.push(part);
      return Buffer.concat(parts);
    },
    async restart() {
      await bench.dispatcher.stop();
      await bench.logs.close();
      bench.shells = newShells();
      bench.logs = newLogs();
      bench.dispatcher = newDispatcher(bench.shells, bench.logs);
    },
    kill() {
      for (const shell of [...bench.shells.open]) shell.cut();
    },
    processesOf: (id) => processesIn(bench.directoryOf(id)),
    async end() {
      await bench.dispatcher.stop();
      bench.leaveStage();
      await bench.logs.close();
      await until(() => everyShells.every((shells) => shells.open.length === 0), "every shell has ended");
      endAllOf(home);
      rmSync(root, { recursive: true, force: true });
    },
  };
  return bench;
}

/** The host's own mount namespace, where another shell stands at /bin/sh and some programs are not there. */
function argvOf(shell: HostShellKind, hidden: readonly string[]): string[] {
  if (shell === "dash" && hidden.length === 0) return ["/bin/sh"];
  const unshare = process.getuid?.() === 0 ? ["unshare", "-m"] : ["unshare", "-rm"];
  const mounts = hidden.map((program) => `mount --bind /dev/null "$(command -v ${program})"`);
  if (shell !== "dash") mounts.push(`mount --bind /usr/bin/${shell} "$(readlink -f /bin/sh)"`);
  return [...unshare, "/bin/sh", "-c", [...mounts, 'exec "$0" "$@"'].join(" && "), "/bin/sh"];
}

export function aJob(spec: JobSpec): JobRecord {
  return {
    id: jobIdSchema.parse(`j-${randomBytes(8).toString("hex")}`),
    state: "placed",
    hostId: hostIdSchema.parse("h-0123456789abcdef"),
    host: "box",
    script: spec.script,
    args: spec.args,
    envNames: Object.keys(spec.env),
    interpreter: null,
    directory: null,
    timeoutMs: spec.timeoutMs,
    createdBy: "ada",
    createdAtMs: Date.now(),
    startedAtMs: null,
    endedAtMs: null,
    exitCode: null,
    cause: null,
    logBytes: 0,
    logComplete: false,
    logSha256: null,
    archiveBytes: 0,
    cancelRequestedBy: null,
    contact: { kind: "ok" },
    revision: 0,
  };
}

/** A tar archive of some text files. */
export function tarOf(files: Record<string, string>): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "hwledger-tar-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return execFileSync("tar", ["-C", folder, "-cf", "-", "."], { maxBuffer: 1e9 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function processesIn(directory: string): string[] {
  const lines = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).split("\n");
  return lines
    .map((line) => /^\s*(\d+) (.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, pid]) => cwdOf(pid ?? "").startsWith(directory))
    .map(([, pid, args]) => `${pid} ${args}`);
}

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

/** Ends what still runs in a host's home: jobs, and what its start-up files left behind. */
function endAllOf(home: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`HOME=${home}`)) continue;
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended by itself, or is not ours to look at.
    }
  }
}
