import type { Metric } from "../../metric.ts";
import type { GpuProcess } from "../../reading.ts";
import { maxDetailLength, type GpuProblem, type GpuProblemCode } from "../gpuProblem.ts";

/** What AMD's tools measure of a GPU. Memory in bytes; GTT is the machine's memory that the GPU may use. */
export const amdFigureNames = [
  "utilizationPct",
  "vramTotalBytes",
  "vramUsedBytes",
  "gttTotalBytes",
  "gttUsedBytes",
  "temperatureC",
  "powerW",
  "powerLimitW",
] as const;
export type AmdFigures = Record<(typeof amdFigureNames)[number], Metric>;

/** What one answer says of one GPU; of what it does not speak, nothing (`unknown-field`). */
export interface AmdPart {
  /** The tool's own number, the same in all its answers. */
  number: number;
  /** `0000:83:00.0`, lower case. */
  pciAddress: string | null;
  name: string | null;
  driverVersion: string | null;
  figures: AmdFigures;
  /** Null where the answer does not speak of processes. */
  processes: readonly GpuProcess[] | null;
}

/** An answer of amd-smi or rocm-smi. */
export interface AmdAnswer {
  parts: readonly AmdPart[];
  problem: GpuProblem | null;
}

const patterns: readonly (readonly [RegExp, GpuProblemCode])[] = [
  [/low-power state/i, "gpu-asleep"],
  [/driver not initialized|not found in modules|no amd gpu driver/i, "driver-not-loaded"],
  [/permission (needed|denied)|not have permission/i, "no-permission"],
  [/no (amd )?(gpus?|devices?) (were )?(found|detected)/i, "no-devices"],
  [/librocm_smi64|libamd_smi|cannot open shared object/i, "library-missing"],
];

/** What AMD's tools say beside figures; null where they say nothing. */
export function amdProblem(said: string): GpuProblem | null {
  const words = said
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^=+|^'CTRL' \+ 'C'/.test(line));
  if (words.length === 0) return null;
  const detail = words.join("; ").slice(0, maxDetailLength);
  const code = patterns.find(([pattern]) => pattern.test(detail))?.[1] ?? "tool-message";
  return { code, detail };
}
