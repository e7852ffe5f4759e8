import type { GpuProcess, GpuReading } from "../../protocol/reading.ts";
import { formatBytes, metricText } from "./figures.ts";
import type { KnownHost } from "./fleetState.ts";
import { printable } from "./printable.ts";
import type { TreeRow } from "./treeRow.ts";
import { hostWords } from "./words/hostWords.ts";

/** One row for each process on a GPU, most memory first. */
export function processRows(host: KnownHost, gpu: GpuReading, fresh: boolean): TreeRow[] {
  if (gpu.occupancy.kind !== "busy") return [];
  return [...gpu.occupancy.processes]
    .sort((a, b) => memoryOf(b) - memoryOf(a) || a.pid - b.pid)
    .map((process) => processRow(host, gpu, process, fresh));
}

/** Id of a GPU's row. */
export function gpuRowId(host: KnownHost, gpu: GpuReading): string {
  return `${host.record.id}/${gpu.uuid}`;
}

function processRow(host: KnownHost, gpu: GpuReading, process: GpuProcess, fresh: boolean): TreeRow {
  const label = printable(process.name.split(/[\\/]/).at(-1) ?? process.name) || hostWords.row.aProcess;
  const description = `${metricText(process.memoryBytes, formatBytes)} · pid ${process.pid}`;
  return {
    id: `${gpuRowId(host, gpu)}/${process.pid}`,
    parentId: gpuRowId(host, gpu),
    kind: "process",
    hostId: host.record.id,
    label,
    description,
    icon: { codicon: "symbol-event", color: "disabledForeground" },
    isStale: !fresh,
    contextValue: "hwledger.process",
    accessibilityLabel: hostWords.row.processSpoken(label, host.record.name, description),
    fold: "leaf",
  };
}

function memoryOf({ memoryBytes }: GpuProcess): number {
  return "value" in memoryBytes ? memoryBytes.value : -1;
}
