/** Of a long log only the last part is shown: a terminal keeps a few thousand lines. */
export const shownTailBytes = 4 * 1_048_576;

/** The byte from which a log of that length is shown; never before `from`, where its terminal began earlier. */
export function shownFrom(logBytes: number, from = 0): number {
  return Math.max(from, logBytes - shownTailBytes);
}
