import type { GpuReading } from "./reading.ts";

/** The GPUs that a job can have: the instances of a divided one count, and it does not besides. */
export function countedGpus<Gpu extends Pick<GpuReading, "division">>(gpus: readonly Gpu[]): Gpu[] {
  return gpus.filter(({ division }) => division.kind !== "divided");
}
