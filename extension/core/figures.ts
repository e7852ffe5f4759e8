import { metricValue, type Metric } from "../../protocol/metric.ts";
import { unsupportedText } from "../../protocol/unsupportedText.ts";

const GiB = 1_073_741_824;

/** Bytes for people, binary units: `812 B`, `34.0 KiB`, `11.8 GiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1_024;
  let at = 0;
  while (value >= 1_023.95 && at < units.length - 1) {
    value /= 1_024;
    at += 1;
  }
  return `${value.toFixed(1)} ${units[at] ?? ""}`;
}

/** `11.8/24.0 GiB`, or null when either figure is missing. */
export function formatMemory(used: Metric, total: Metric): string | null {
  const [usedBytes, totalBytes] = [metricValue(used), metricValue(total)];
  if (usedBytes === null || totalBytes === null) return null;
  return `${(usedBytes / GiB).toFixed(1)}/${(totalBytes / GiB).toFixed(1)} GiB`;
}

/** GiB for narrow rows, `12/24G`; whole from 10 GiB on, else `0.6/8.0G`; null when either figure is missing. */
export function formatMemoryShort(used: Metric, total: Metric): string | null {
  const short = shortGiB(used, total);
  return short && `${short.used}/${short.total}G`;
}

/** The same to be read out: `12 of 24 GiB memory`. */
export function formatMemoryWords(used: Metric, total: Metric): string | null {
  const short = shortGiB(used, total);
  return short && `${short.used} of ${short.total} GiB memory`;
}

function shortGiB(used: Metric, total: Metric): { used: string; total: string } | null {
  const [usedBytes, totalBytes] = [metricValue(used), metricValue(total)];
  if (usedBytes === null || totalBytes === null) return null;
  const short = (bytes: number) => (bytes / GiB).toFixed(bytes < 9.95 * GiB ? 1 : 0);
  return { used: short(usedBytes), total: short(totalBytes) };
}

/** A rate for people: `$0.44/h`; below a cent with the digits it needs. */
export function formatRate(microUsdPerHour: number): string {
  const usd = microUsdPerHour / 1_000_000;
  if (usd > 0 && usd < 0.01) return `$${usd.toFixed(6).replace(/0+$/, "")}/h`;
  return `$${usd.toFixed(2)}/h`;
}

/** Micro-dollars of what a person typed as dollars per hour; undefined when it is no amount. Blank is null: nobody says. */
export function parseRate(text: string): number | null | undefined {
  const trimmed = text
    .trim()
    .replace(/^\$\s*/, "")
    .replace(/\s*\/\s*h$/, "");
  if (trimmed === "") return null;
  const match = /^(\d{1,6})(?:[.,](\d{1,6}))?$/.exec(trimmed);
  if (!match) return undefined;
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? "").padEnd(6, "0"));
}

/** An age for people, coarse so that it seldom changes: `moments`, `40 s`, `3 min`, `5 h`, `4 d`. */
export function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1_000));
  if (seconds < 10) return "moments";
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** A figure, or why it is missing, as words. */
export function metricText(metric: Metric, format: (value: number) => string): string {
  if ("value" in metric) return format(metric.value);
  return unsupportedText(metric.unsupported);
}
