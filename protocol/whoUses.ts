import type { GpuProcess } from "./reading.ts";

/** Who uses a GPU, by its processes: `ours` first where one is of a job of ours, then each login once; nobody where none says. */
export function whoUses(processes: readonly GpuProcess[], ours: string): string[] {
  const logins = processes.flatMap(({ jobId, user }) => (jobId !== null || user === null ? [] : [user]));
  const isOurs = processes.some(({ jobId }) => jobId !== null);
  return [...(isOurs ? [ours] : []), ...new Set(logins)];
}
