import { jobIdSchema, type JobId } from "../ids.ts";
import type { GpuProcess, GpuReading } from "../reading.ts";

type Owner = Pick<GpuProcess, "user" | "jobId" | "startedAtMs">;

const maxOwners = 10_000;
const maxUserLength = 64;
const longestAgeS = 1e9;

/** A process as a GPU's tool tells of it, which does not say whose it is. */
export function unowned(process: Pick<GpuProcess, "pid" | "name" | "memoryBytes">): GpuProcess {
  return { ...process, user: null, jobId: null, startedAtMs: null };
}

/**
 * Whose the processes on a host's GPUs are, from the script's lines `W` (login and age, before a process is first told of) and
 * `J` (the job that its environment names).
 */
export class ProcessOwners {
  readonly #isJob: (id: JobId) => boolean;
  #owners = new Map<number, Owner>();

  /** `isJob`: whether a job is one of ours that runs on this host, since anybody can put an id into an environment. */
  constructor(isJob: (id: JobId) => boolean) {
    this.#isJob = isJob;
  }

  /** Takes `PID SECONDS USER`, seconds since its beginning, `-` for what is not known. Says whether it made sense. */
  line(text: string, nowMs: number): boolean {
    const [, pid, age, user] = /^(\d{1,10}) (\d{1,10}|-) (\S+)$/.exec(text) ?? [];
    if (pid === undefined) return false;
    this.#owners.delete(Number(pid));
    // The one that was told of longest ago.
    const [first] = this.#owners.size >= maxOwners ? this.#owners.keys() : [];
    if (first !== undefined) this.#owners.delete(first);
    const isAged = age !== "-" && Number(age) < longestAgeS;
    this.#owners.set(Number(pid), {
      user: user === undefined || user === "-" ? null : user.slice(0, maxUserLength),
      jobId: null,
      startedAtMs: isAged ? nowMs - Number(age) * 1_000 : null,
    });
    return true;
  }

  /** Takes `PID JOB`. Says whether it made sense. */
  jobLine(text: string): boolean {
    const [, pid, id] = /^(\d{1,10}) (\S+)$/.exec(text) ?? [];
    const jobId = jobIdSchema.safeParse(id);
    if (!jobId.success) return false;
    const owner = this.#owners.get(Number(pid));
    if (owner !== undefined) this.#owners.set(Number(pid), { ...owner, jobId: jobId.data });
    return true;
  }

  /** A GPU with the owners of its processes. */
  named(gpu: GpuReading): GpuReading {
    if (gpu.occupancy.kind !== "busy") return gpu;
    const processes = gpu.occupancy.processes.map((process) => {
      const owner = this.#owners.get(process.pid);
      if (owner === undefined) return process;
      const isOurs = owner.jobId !== null && this.#isJob(owner.jobId);
      return { ...process, ...owner, jobId: isOurs ? owner.jobId : null };
    });
    return { ...gpu, occupancy: { kind: "busy", processes } };
  }
}
