import type { Metric, UnsupportedReason } from "../metric.ts";

const notOnThisDevice =
  /^\[?(n\/a|not supported|requested functionality has been deprecated|function not found|not found)?\]?$/i;

/** Why a cell of nvidia-smi holds no figure; null when it looks like one. Source: the states that drivers print. */
export function cellReason(cell: string): UnsupportedReason | null {
  const text = cell.trim();
  if (notOnThisDevice.test(text)) return "not-supported";
  if (/gpu requires reset|gpu is lost/i.test(text)) return "fault";
  if (/insufficient permissions/i.test(text)) return "denied";
  if (/^\[.*\]$|^(err!|unknown error)$/i.test(text)) return "error";
  return null;
}

/**
 * A cell of nvidia-smi as a figure, in the cell's unit times `scale`; units (` MiB`, ` %`, ` W`) may be there.
 * What is outside `min`…`max` is a misreading and so an error, never a figure.
 */
export function cellMetric(cell: string, limits: { min: number; max: number; scale?: number }): Metric {
  const reason = cellReason(cell);
  if (reason !== null) return { unsupported: reason };
  const match = /^(-?\d+(?:\.\d+)?)(?: (?:MiB|%|W))?$/.exec(cell.trim());
  const value = match === null ? Number.NaN : Number(match[1]);
  if (!(value >= limits.min && value <= limits.max)) return { unsupported: "error" };
  return { value: value * (limits.scale ?? 1) };
}

/** A cell of nvidia-smi that is a text, such as a name; null where it is one of the states instead. */
export function cellText(cell: string): string | null {
  return cellReason(cell) === null ? cell.trim() : null;
}
