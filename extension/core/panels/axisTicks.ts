/** What decides the ticks of an axis that begins at zero. */
export interface AxisNeeds {
  /** Where the axis ends. */
  end: number;
  /** Between two ticks; more than zero. */
  step: number;
  /** What the readings cannot exceed, as a GPU's memory; null when nobody knows. */
  top: number | null;
  /** Ticks nearer to each other than this could not both be read. */
  nearest: number;
}

/** The ticks of an axis: each step from zero, and the top itself in place of those too near to it. */
export function axisTicks({ end, step, top, nearest }: AxisNeeds): number[] {
  const count = Math.floor(end / step + 1e-9);
  const steps = Array.from({ length: count + 1 }, (_, at) => at * step);
  if (top === null || top <= 0 || top > end) return steps;
  const apart = steps.filter((tick) => Math.abs(tick - top) >= nearest);
  return [...apart, top].sort((a, b) => a - b);
}
