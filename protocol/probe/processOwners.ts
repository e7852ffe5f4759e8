import { jobIdSchema } from "../ids.ts";
import type { GpuProcess, GpuReading } from "../reading.ts";

type Owner = Pick<GpuProcess, "user" | "jobId" | "startedAtMs">;

const maxOwners = 10_000;
const maxUserLength = 64;
const longestAgeS = 1e9;

/** A process as a GPU's tool tells of it, which does not say whose it is. */
export function unowned(process: Pick<GpuProcess, "pid" | "name" | "memoryBytes">): GpuProcess {
  return { ...process, user: null, jobId: null, startedAtMs: null };
}

/** Whose the processes on a host's GPUs are, from the lines `W` of the script: one for each, before it is first told of. */
export class ProcessOwners {
  #owners = new Map<number, Owner>();

  /** Takes `PID SECONDS USER JOB`, seconds since its beginning, `-` for what is not known. Says whether it made sense. */
  line(text: string, nowMs: number): boolean {
    const [, pid, age, user, job] = /^(\d{1,10}) (\d{1,10}|-) (\S+) (\S+)$/.exec(text) ?? [];
    if (pid === undefined) return false;
    if (this.#owners.size >= maxOwners) this.#owners.clear();
    const isAged = age !== "-" && Number(age) < longestAgeS;
    this.#owners.set(Number(pid), {
      user: user === undefined || user === "-" ? null : user.slice(0, maxUserLength),
      jobId: jobIdSchema.safeParse(job).data ?? null,
      startedAtMs: isAged ? nowMs - Number(age) * 1_000 : null,
    });
    return true;
  }

  /** A GPU with the owners of its processes. */
  named(gpu: GpuReading): GpuReading {
    if (gpu.occupancy.kind !== "busy") return gpu;
    const processes = gpu.occupancy.processes.map((process) => ({
      ...process,
      ...this.#owners.get(process.pid),
    }));
    return { ...gpu, occupancy: { kind: "busy", processes } };
  }
}
