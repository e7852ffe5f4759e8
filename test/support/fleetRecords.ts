import type { HostRecord } from "../../protocol/host.ts";
import type { HostId, JobId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import type { GpuReading, HostReading } from "../../protocol/reading.ts";

const GiB = 1_073_741_824;

/** A GPU as a reading names it: an idle 24 GiB card unless said otherwise. */
export function aGpu(over: Partial<GpuReading> = {}): GpuReading {
  return {
    uuid: "GPU-0",
    index: 0,
    name: "NVIDIA GeForce RTX 3090",
    vendor: "nvidia",
    pciBusId: "00000000:01:00.0",
    driverVersion: "550.54",
    memoryKind: "dedicated",
    utilizationPct: { value: 37 },
    memoryUsedBytes: { value: 11.8 * GiB },
    memoryTotalBytes: { value: 24 * GiB },
    temperatureC: { value: 62 },
    powerW: { value: 210.4 },
    powerLimitW: { value: 350 },
    occupancy: { kind: "free" },
    health: { kind: "unknown" },
    throttle: null,
    division: { kind: "whole" },
    atMs: 1_000,
    ...over,
  };
}

/** A reading of a host with those GPUs. */
export function aReading(over: Partial<HostReading> = {}): HostReading {
  return {
    hostId: "h-0000000000000001",
    atMs: 1_000,
    cadenceMs: 15_000,
    cpuPct: { value: 5 },
    memoryUsedBytes: { value: 4 * GiB },
    memoryTotalBytes: { value: 64 * GiB },
    diskUsedBytes: { value: 100 * GiB },
    diskTotalBytes: { value: 500 * GiB },
    uptimeS: { value: 7_200 },
    bootId: null,
    machineId: null,
    os: "Debian 12",
    gpus: [aGpu()],
    gpuProblem: null,
    probeBytes: 2_048,
    ...over,
  };
}

/** An online host over SSH with one idle GPU unless said otherwise. */
export function aHost(over: Partial<HostRecord> = {}): HostRecord {
  const id = over.id ?? ("h-0000000000000001" as HostId);
  const reading = over.reading === undefined ? aReading({ hostId: id }) : over.reading;
  return {
    id,
    name: "rtx-box",
    connection: { kind: "ssh", alias: "rtx-box", port: null, user: null, identityFile: null, hostKey: null },
    agent: null,
    status: { kind: "online", lastSeenAtMs: 1_000 },
    rateMicroUsdPerHour: null,
    python: null,
    probe: "on",
    addedAtMs: 0,
    gpus: reading?.gpus ?? [],
    activeJobs: 0,
    revision: 1,
    ...over,
    reading,
  };
}

/** A running job unless said otherwise. */
export function aJob(over: Partial<JobRecord> = {}): JobRecord {
  return {
    id: "j-0000000000000001" as JobId,
    state: "running",
    hostId: "h-0000000000000001" as HostId,
    host: "rtx-box",
    script: "src/train.py",
    args: [],
    envNames: [],
    interpreter: "/usr/bin/python3",
    directory: "/home/ada/.hwledger/jobs/j-1/work",
    timeoutMs: null,
    createdBy: "ada",
    createdAtMs: 0,
    startedAtMs: 1_000,
    endedAtMs: null,
    exitCode: null,
    cause: null,
    logBytes: 0,
    logComplete: false,
    logSha256: null,
    archiveBytes: 10_240,
    cancelRequestedBy: null,
    contact: { kind: "ok" },
    revision: 1,
    ...over,
  };
}
