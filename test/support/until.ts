/** Fulfils when a condition holds, looking every few ms; rejects when it takes longer than the limit. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 10_000,
): Promise<void> {
  const endAtMs = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > endAtMs) throw new Error(`waited ${limitMs} ms until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
