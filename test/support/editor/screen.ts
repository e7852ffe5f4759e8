import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";

const resultsDir = fileURLToPath(new URL("../../../test-results", import.meta.url));
const shownChars = 3_000;
const pollMs = 75;

/** How long a wait lasts when its caller does not say. */
export const waitLimitMs = 45_000;
/** For one click or key inside a wait: short, since the wait tries again. */
export const stepLimitMs = 2_000;

/** The page of the workbench, with waits that explain themselves when they run out. */
export interface Screen {
  page: Page;
  /**
   * Calls `probe` until it gives something other than undefined or false, and returns that. When the limit
   * passes, throws an error with what was waited for and what is on screen, and saves a screenshot in
   * `test-results/`. A probe that throws is tried again; its last error becomes the cause.
   */
  until: <T>(what: string, probe: () => Promise<T | undefined | false>, limitMs?: number) => Promise<T>;
}

export function createScreen(page: Page): Screen {
  return {
    page,
    async until<T>(what: string, probe: () => Promise<T | undefined | false>, limitMs = waitLimitMs) {
      const endAtMs = performance.now() + limitMs;
      let lastError: unknown;
      do {
        try {
          const found = await probe();
          if (found !== undefined && found !== false) return found;
          lastError = undefined;
        } catch (error) {
          lastError = error;
          if (page.isClosed()) break;
        }
        await delay(pollMs);
      } while (performance.now() < endAtMs);
      throw new Error(`waited ${limitMs} ms for ${what}\n${await describeScreen(page, what)}`, {
        cause: lastError,
      });
    },
  };
}

async function describeScreen(page: Page, what: string): Promise<string> {
  if (page.isClosed()) return "the page is closed";
  try {
    const text = await page.locator("body").innerText({ timeout: stepLimitMs });
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return `screenshot: ${await saveScreenshot(page, what)}\non screen:\n${lines.join("\n").slice(0, shownChars)}`;
  } catch (error) {
    return `the screen could not be read: ${String(error)}`;
  }
}

async function saveScreenshot(page: Page, what: string): Promise<string> {
  await mkdir(resultsDir, { recursive: true });
  const slug = what.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 60);
  const path = join(resultsDir, `editor-${slug}-${process.pid}-${Date.now()}.png`);
  await page.screenshot({ path, timeout: 10_000 });
  return path;
}
