/** Pause before attempt number `attempt` (from 1): doubling from min to max, then shortened by up to a quarter by chance in [0, 1). */
export function backoffMs(attempt: number, limits: { minMs: number; maxMs: number }, chance: number): number {
  const fullMs = Math.min(limits.maxMs, limits.minMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(fullMs * (1 - chance / 4));
}
