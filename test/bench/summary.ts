/** How long one kind of thing took, over all rounds. Times in milliseconds, rounded to microseconds. */
export interface Summary {
  rounds: number;
  minMs: number;
  p50Ms: number;
  p95Ms: number;
  maxMs: number;
  meanMs: number;
}

/** Summarizes measured times; there must be at least one. Percentiles by the nearest rank: always a measured time. */
export function summarize(timesMs: readonly number[]): Summary {
  if (timesMs.length === 0) throw new RangeError("nothing was measured");
  const sorted = [...timesMs].sort((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
  const sum = sorted.reduce((total, timeMs) => total + timeMs, 0);
  return {
    rounds: sorted.length,
    minMs: rounded(rank(0)),
    p50Ms: rounded(rank(0.5)),
    p95Ms: rounded(rank(0.95)),
    maxMs: rounded(rank(1)),
    meanMs: rounded(sum / sorted.length),
  };
}

/** A number with three decimals at most. */
export function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
