import type { Metric } from "../metric.ts";

/** The file system of the home folder. */
export interface DiskFigures {
  diskUsedBytes: Metric;
  diskTotalBytes: Metric;
}

/** Reads a line of `df -Pk` (POSIX form, 1024-byte blocks); null for its header and for anything else. */
export function parseDfLine(line: string): DiskFigures | null {
  const match = /\s(\d{1,18})\s+(\d{1,18})\s+-?\d{1,18}\s+(?:\d+%|-)\s+\S/.exec(line);
  if (match === null) return null;
  const total = Number(match[1]);
  if (total === 0) return null;
  return { diskTotalBytes: { value: total * 1024 }, diskUsedBytes: { value: Number(match[2]) * 1024 } };
}
