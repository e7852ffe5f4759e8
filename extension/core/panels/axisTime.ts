import { clockText, dayText, exactMomentText, momentText } from "../clock.ts";

const dayS = 86_400;

/** The tick of an axis of time, in the reader's own time; `stepS`: between two ticks. */
export function axisTime(seconds: number, stepS: number): string {
  const at = new Date(seconds * 1_000);
  const isMidnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
  if (stepS >= 28 * dayS) {
    const form = at.getMonth() === 0 ? { month: "short", year: "numeric" } : { month: "short" };
    return at.toLocaleDateString("en-GB", form as Intl.DateTimeFormatOptions);
  }
  if (stepS >= dayS || (stepS >= 60 && isMidnight))
    return at.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const text = clockText(seconds * 1_000);
  return text.endsWith(":00") ? text.slice(0, 5) : text;
}

/** When the figures at a point of a chart are from. `stepS`: how long a step the point is of; null for a reading of today. */
export function pointTime(seconds: number, stepS: number | null, isLive: boolean): string {
  const atMs = seconds * 1_000;
  if (isLive) return clockText(atMs);
  if (stepS === null) return exactMomentText(atMs);
  return stepS >= dayS ? dayText(atMs) : momentText(atMs);
}

/** The same where there is little room: without the year, and without the seconds that say nothing. */
export function shortPointTime(seconds: number, stepS: number | null, isLive: boolean): string {
  if (isLive || (stepS ?? 0) >= dayS) return pointTime(seconds, stepS, isLive);
  const day = new Date(seconds * 1_000).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return `${day}, ${clockText(seconds * 1_000).slice(0, stepS === null ? 8 : 5)}`;
}
