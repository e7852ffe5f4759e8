import type { JobId } from "../../protocol/ids.ts";
import type { GpuProcess, GpuReading } from "../../protocol/reading.ts";
import { formatBytes, metricText } from "./figures.ts";
import { gpusOf, type FleetState, type KnownHost } from "./fleetState.ts";
import { jobLabel } from "./jobText.ts";
import { printable } from "./printable.ts";
import type { TreeRow } from "./treeRow.ts";
import { hostWords } from "./words/hostWords.ts";

const say = hostWords.row;

/** The name of a job of ours; null where it is not known here. */
export type JobNames = (id: JobId) => string | null;

/** The names of a fleet's jobs. */
export function jobNamesOf({ jobs }: Pick<FleetState, "jobs">): JobNames {
  return (id) => {
    const job = jobs.get(id);
    return job === undefined ? null : jobLabel(job);
  };
}

/** The names of the jobs whose processes are on a host's GPUs, as one text. */
export function jobNamesOn(host: KnownHost, jobNames: JobNames): string {
  if (host.record.activeJobs === 0) return "";
  const names = gpusOf(host).flatMap(({ occupancy }) =>
    occupancy.kind !== "busy"
      ? []
      : occupancy.processes.flatMap(({ jobId }) => (jobId === null ? [] : [jobNames(jobId) ?? ""])),
  );
  return names.join("\n");
}

/** One row for each process on a GPU, most memory first. */
export function processRows(host: KnownHost, gpu: GpuReading, fresh: boolean, jobNames: JobNames): TreeRow[] {
  if (gpu.occupancy.kind !== "busy") return [];
  return [...gpu.occupancy.processes]
    .sort((a, b) => memoryOf(b) - memoryOf(a) || a.pid - b.pid)
    .map((process) => processRow(host, gpu, process, fresh, jobNames));
}

/** Id of a GPU's row. */
export function gpuRowId(host: KnownHost, gpu: GpuReading): string {
  return `${host.record.id}/${gpu.uuid}`;
}

function processRowId(host: KnownHost, gpu: GpuReading, process: GpuProcess): string {
  return `${gpuRowId(host, gpu)}/${process.pid}`;
}

/** The process that a row is of; null where it is of none. */
export function processOf(host: KnownHost, gpu: GpuReading, rowId: string): GpuProcess | null {
  if (gpu.occupancy.kind !== "busy") return null;
  return gpu.occupancy.processes.find((process) => processRowId(host, gpu, process) === rowId) ?? null;
}

/** What a process is called for short. */
export function processLabel({ name }: GpuProcess): string {
  return printable(name.split(/[\\/]/).at(-1) ?? name) || say.aProcess;
}

function processRow(
  host: KnownHost,
  gpu: GpuReading,
  process: GpuProcess,
  fresh: boolean,
  jobNames: JobNames,
): TreeRow {
  const label = processLabel(process);
  const whose = whoseText(process, jobNames);
  const description = [
    metricText(process.memoryBytes, formatBytes),
    ...(whose === null ? [] : [whose]),
    say.pid(process.pid),
  ].join(" · ");
  return {
    id: processRowId(host, gpu, process),
    parentId: gpuRowId(host, gpu),
    kind: "process",
    hostId: host.record.id,
    label,
    description,
    icon: {
      codicon: "symbol-event",
      color: process.jobId !== null && fresh ? "charts.blue" : "disabledForeground",
    },
    isStale: !fresh,
    contextValue: "hwledger.process",
    accessibilityLabel: say.processSpoken(label, host.record.name, description),
    fold: "leaf",
  };
}

/** Our job that started a process, else the login it belongs to; null where nobody says. */
function whoseText({ jobId, user }: GpuProcess, jobNames: JobNames): string | null {
  if (jobId === null) return user === null ? null : printable(user);
  const name = jobNames(jobId);
  return name === null ? say.ofAJob : say.ofJob(printable(name));
}

function memoryOf({ memoryBytes }: GpuProcess): number {
  return "value" in memoryBytes ? memoryBytes.value : -1;
}
