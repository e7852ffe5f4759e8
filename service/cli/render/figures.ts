import type { Metric } from "../../../protocol/metric.ts";

/** Shown where there is no figure. */
export const noFigure = "–";

/** A metric with its unit, or a dash. */
export function metricText(metric: Metric, format: (value: number) => string): string {
  return "value" in metric ? format(metric.value) : noFigure;
}

/** `37 %` */
export const percent = (value: number): string => `${Math.round(value)} %`;
/** `62 °C` */
export const celsius = (value: number): string => `${Math.round(value)} °C`;
/** `210 W` */
export const watts = (value: number): string => `${Math.round(value)} W`;

/** `11.8/24.0 GiB`, a dash on the side that has no figure; a dash when neither has. */
export function memoryText(used: Metric, total: Metric): string {
  if (!("value" in used) && !("value" in total)) return noFigure;
  const plain = (value: number): string => (value / 1_073_741_824).toFixed(1);
  return `${metricText(used, plain)}/${metricText(total, plain)} GiB`;
}

/** `$0.42/h` of millionths of a dollar; a dash when nobody said. */
export function rateText(microUsdPerHour: number | null): string {
  if (microUsdPerHour === null) return noFigure;
  const usd = microUsdPerHour / 1_000_000;
  return `$${Number(usd.toFixed(2)) === usd ? usd.toFixed(2) : String(usd)}/h`;
}

/** `4.0 KiB` and the like, whole bytes below 1 KiB. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit] ?? ""}`;
}

/** `2026-11-23 14:05:09`, local time. */
export function timeText(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
