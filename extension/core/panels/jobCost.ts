import type { JobRecord } from "../../../protocol/job.ts";
import type { Figure } from "./panelSchema.ts";
import { jobWords } from "../words/jobWords.ts";

const hourMs = 3_600_000;

/** What a job has cost at a rate, in micro-dollars; null when nobody knows the rate, or it never ran. */
export function jobCostMicroUsd(
  job: Pick<JobRecord, "startedAtMs" | "endedAtMs">,
  microUsdPerHour: number | null,
  nowMs: number,
): number | null {
  if (microUsdPerHour === null || job.startedAtMs === null) return null;
  const lastedMs = Math.max(0, (job.endedAtMs ?? nowMs) - job.startedAtMs);
  return Math.round((lastedMs / hourMs) * microUsdPerHour);
}

/** An amount for people: `$12.30`; below a dollar with more digits, below what four can show as such. */
export function formatUsd(microUsd: number): string {
  const usd = microUsd / 1_000_000;
  if (usd === 0) return "$0.00";
  if (usd < 0.000_1) return "< $0.0001";
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
}

/** A job's cost as a cell. */
export function jobCostFigure(
  job: Pick<JobRecord, "startedAtMs" | "endedAtMs">,
  microUsdPerHour: number | null,
  nowMs: number,
): Figure {
  if (job.startedAtMs === null) return { text: "–", value: null, hint: jobWords.cost.neverRan };
  const cost = jobCostMicroUsd(job, microUsdPerHour, nowMs);
  if (cost === null) return { text: jobWords.cost.unknown, value: null, hint: jobWords.cost.noRate };
  return { text: formatUsd(cost), value: cost, hint: jobWords.cost.todaysRate };
}
