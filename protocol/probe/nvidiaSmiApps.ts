import type { GpuProcess } from "../reading.ts";
import { unowned } from "./processOwners.ts";
import { cellMetric, cellReason, cellText } from "./nvidiaSmiCell.ts";

/** Fields of the process query. The name comes last, because it is a path that may hold commas. */
export const nvidiaSmiAppsFields = ["gpu_uuid", "pid", "used_memory", "process_name"] as const;

/** What a line of `nvidia-smi --query-compute-apps=… --format=csv,nounits` is. */
export type NvidiaSmiAppsLine =
  /** Comes once, before the first answer: from then on no row means no process. */
  | { kind: "header" }
  | { kind: "process"; gpuUuid: string; process: GpuProcess }
  /** A process is there, but this login may not know which. */
  | { kind: "hidden"; gpuUuid: string | null }
  | { kind: "sentence"; text: string };

const maxNameLength = 300;

/** Reads one line of the process query. A process whose name is hidden is named `?`. */
export function parseNvidiaSmiAppsLine(line: string): NvidiaSmiAppsLine {
  const cells = line.split(", ");
  if (cells.length < nvidiaSmiAppsFields.length) return { kind: "sentence", text: line.trim() };
  if (cells[0] === "gpu_uuid") return { kind: "header" };
  const [uuidCell = "", pidCell = "", memoryCell = "", ...nameCells] = cells;
  const isUuid = /^(GPU|MIG)-[\w./-]{1,120}$/.test(uuidCell.trim());
  if (!isUuid && cellReason(uuidCell) === null) return { kind: "sentence", text: line.trim() };
  if (!isUuid || !/^\d{1,10}$/.test(pidCell.trim())) {
    return { kind: "hidden", gpuUuid: isUuid ? uuidCell.trim() : null };
  }
  return {
    kind: "process",
    gpuUuid: uuidCell.trim(),
    process: unowned({
      pid: Number(pidCell),
      name: (cellText(nameCells.join(", ")) ?? "?").slice(0, maxNameLength),
      memoryBytes: cellMetric(memoryCell, { min: 0, max: 1e8, scale: 1024 * 1024 }),
    }),
  };
}
