import type { Counterpart, Figure, Measured, Target } from "./benchReport.ts";
import { rounded } from "./summary.ts";

/** Ratios of the first of ours to every counterpart that was measured. */
export function ratiosOf(ours: Measured, counterparts: readonly Counterpart[]): Figure["ratios"] {
  return counterparts.flatMap((other): Figure["ratios"] => {
    if (other.kind === "unavailable") return [];
    const to = other.name;
    if (ours.perSecond !== undefined && other.perSecond !== undefined)
      return [{ to, of: "throughput", value: rounded(ours.perSecond / other.perSecond) }];
    return [
      { to, of: "p50", value: rounded(ours.p50Ms / other.p50Ms) },
      { to, of: "p95", value: rounded(ours.p95Ms / other.p95Ms) },
    ];
  });
}

/** A target on a ratio to one counterpart. */
export function ratioTarget(
  ratios: Figure["ratios"],
  goal: { to: string; of: "p50" | "throughput"; op: "at most" | "at least"; limit: number },
): Target {
  const { to, of, op, limit } = goal;
  const found = ratios.find((ratio) => ratio.to === to && ratio.of === of);
  const text = `${of} ${op} ${limit} of ${to}`;
  if (!found) return { text, value: null, limit, met: null };
  return {
    text,
    value: found.value,
    limit,
    met: op === "at most" ? found.value <= limit : found.value >= limit,
  };
}

/** A target on the median alone. */
export function p50Target(ours: Measured, limitMs: number): Target {
  return { text: `p50 below ${limitMs} ms`, value: ours.p50Ms, limit: limitMs, met: ours.p50Ms < limitMs };
}
