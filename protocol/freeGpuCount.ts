import { countedGpus } from "./countedGpus.ts";
import type { HostRecord } from "./host.ts";
import type { GpuReading } from "./reading.ts";

/**
 * GPUs of a host that nobody uses: free by their reading, less our jobs that may not show on a GPU yet.
 * Unknown is not free, and neither is any GPU of a host that is not online.
 */
export function freeGpuCount(
  gpus: readonly GpuReading[],
  host: Pick<HostRecord, "status" | "activeJobs">,
): number {
  if (host.status.kind !== "online") return 0;
  const counted = countedGpus(gpus);
  const free = counted.filter((gpu) => gpu.occupancy.kind === "free").length;
  const taken = counted.length - free;
  return Math.max(0, free - Math.max(0, host.activeJobs - taken));
}
