import { formatBytes } from "../figures.ts";

/** Bytes beside an axis, where there is little room: `0`, `32 GiB`, `79.6 GiB`, `252 GiB`. */
export function axisBytes(bytes: number): string {
  if (bytes === 0) return "0";
  return formatBytes(bytes).replace(/^[\d.]+/, (value) =>
    Number(value) < 100 ? value.replace(".0", "") : Number(value).toFixed(0),
  );
}
