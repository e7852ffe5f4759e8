/** Steps that a person can name: minutes, hours, a day. */
const steps = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
/** A chart shows no more points than it has room for. */
const mostPoints = 400;

/** The step in seconds in which a time is asked for, so that a chart of it is neither coarse nor crowded. */
export function pastStepS(spanMs: number): number {
  const least = spanMs / 1_000 / mostPoints;
  return steps.find((step) => step >= least) ?? Math.ceil(least / 86_400) * 86_400;
}
