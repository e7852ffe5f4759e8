/** One thing to do in each round; it gives the time it took, in milliseconds, or the bytes that it is about. */
export interface Contender {
  name: string;
  run: () => Promise<number> | number;
}

/**
 * How many rounds: up to `max`, fewer when `budgetMs` is used up, then at least `min`. Past `deadlineMs`, on the clock of
 * `performance.now()`, one round is enough.
 */
export interface RoundLimits {
  deadlineMs: number;
  warmUp: number;
  min: number;
  max: number;
  budgetMs: number;
}

/**
 * Lets contenders run in turn, round by round, so that what else the machine does hits all alike. Each round begins with
 * another of them. Gives the times by name, warm-up rounds left out.
 */
export async function alternate(
  contenders: readonly Contender[],
  limits: RoundLimits,
): Promise<Map<string, number[]>> {
  const timesMs = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < limits.warmUp; round += 1) for (const { run } of contenders) await run();
  const startMs = performance.now();
  for (let round = 0; round < limits.max; round += 1) {
    const nowMs = performance.now();
    if (round >= limits.min && nowMs - startMs > limits.budgetMs) break;
    if (round >= 1 && nowMs > limits.deadlineMs) break;
    for (const { name, run } of rotated(contenders, round)) timesMs.get(name)?.push(await run());
  }
  return timesMs;
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
