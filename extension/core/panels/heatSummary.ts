/** What a row of the heat map tells, for who cannot see it; null where nothing was read at all. */
export interface HeatSummary {
  low: number;
  high: number;
  mean: number;
  /** Columns in which nothing was read. */
  missing: number;
}

/** The figures of one GPU's columns in short. */
export function heatSummary(pct: readonly (number | null)[]): HeatSummary | null {
  const read = pct.filter((value) => value !== null);
  if (read.length === 0) return null;
  const sum = read.reduce((total, value) => total + value, 0);
  return {
    low: Math.min(...read),
    high: Math.max(...read),
    mean: Math.round(sum / read.length),
    missing: pct.length - read.length,
  };
}
