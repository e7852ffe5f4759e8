import type { Locator } from "playwright-core";

/**
 * Clicks, and throws when the click did not arrive in time. One that arrived counts even when the page was too busy
 * to say so before the limit: a caller that tries again would do twice what was to be done once.
 */
export async function clickOnce(
  target: Locator,
  timeoutMs: number,
  button: "left" | "right" = "left",
): Promise<void> {
  const arrival = await target.evaluateHandle(
    (element) => {
      const seen = { arrived: false };
      element.addEventListener("mouseup", () => (seen.arrived = true), { once: true, capture: true });
      return seen;
    },
    undefined,
    { timeout: timeoutMs },
  );
  try {
    await target.click({ button, timeout: timeoutMs });
  } catch (error) {
    if (!(await arrival.evaluate(({ arrived }) => arrived))) throw error;
  } finally {
    await arrival.dispose();
  }
}
