import type { Locator } from "playwright-core";
import { clickOnce } from "./click.ts";
import { stepLimitMs, waitLimitMs, type Screen } from "./screen.ts";

export interface QuickInputItem {
  label: string;
  description: string;
  detail: string;
}

export interface QuickInput {
  /** Runs a command by its title, with or without its category ("Show Explorer", "View: Show Explorer"). */
  runCommand(title: string, limitMs?: number): Promise<void>;
  /** Waits for an open pick list with at least one item, and reads it. */
  quickInputItems(): Promise<QuickInputItem[]>;
  /** Picks the item with that label in the open list or, when there is none, the one that shows the text. */
  pickQuickInput(text: string, limitMs?: number): Promise<void>;
  /** Types into the open input and accepts; `prompt` waits for the one that shows this text. */
  typeInQuickInput(text: string, options?: { prompt?: string }): Promise<void>;
  /** Opens a file of the workspace by its path in it, through "Go to File". */
  openFile(path: string): Promise<void>;
}

export function createQuickInput(screen: Screen): QuickInput {
  const { page, until } = screen;
  const widget = page.locator(".quick-input-widget:visible");
  const input = widget.locator(".quick-input-filter input");
  const rows = widget.locator(".quick-input-list .monaco-list-row");
  const lastRow = widget.locator('.quick-input-list .monaco-list-row[data-last-element="true"]');
  const isPalette = async () => (await input.inputValue({ timeout: stepLimitMs })).startsWith(">");

  const typeAndClick = async (
    what: string,
    key: string,
    text: string,
    matches: (label: string) => boolean,
  ) => {
    await page.keyboard.press(key);
    await input.fill(text, { timeout: stepLimitMs });
    const row = await eventually(1_500, () => rowBy(rows, ({ label }) => matches(label)));
    if (row !== undefined) {
      await clickOnce(row, stepLimitMs);
      return true;
    }
    await page.keyboard.press("Escape");
    throw new Error(`${what} is not among: ${(await readRows(rows)).map(({ label }) => label).join(" | ")}`);
  };

  return {
    async runCommand(title, limitMs = waitLimitMs) {
      const what = `the command "${title}" in the palette`;
      const matches = (label: string) => label === title || label.endsWith(`: ${title}`);
      await until(what, () => typeAndClick(what, "F1", `>${title}`, matches), limitMs);
    },
    quickInputItems() {
      return until("a pick list with items", async () => {
        if (await isPalette()) return false;
        const items = await readRows(rows);
        return items.length > 0 && items;
      });
    },
    async pickQuickInput(text, limitMs = waitLimitMs) {
      const shows = (item: QuickInputItem) => Object.values(item).join(" ").includes(text);
      await until(
        `the item "${text}" in a pick list`,
        async () => {
          if (await isPalette()) return false;
          const row = (await rowBy(rows, ({ label }) => label === text)) ?? (await rowBy(rows, shows));
          if (row !== undefined) await clickOnce(row, stepLimitMs);
          const isLonger = (await rows.count()) > 0 && (await lastRow.count()) === 0;
          if (row === undefined && isLonger) await input.fill(text, { timeout: stepLimitMs });
          return row !== undefined;
        },
        limitMs,
      );
    },
    async typeInQuickInput(text, { prompt = "" } = {}) {
      await until(`an input${prompt && ` with the prompt "${prompt}"`}`, async () => {
        if (await isPalette()) return false;
        const placeholder = (await input.getAttribute("placeholder", { timeout: stepLimitMs })) ?? "";
        if (!`${await widget.innerText()}\n${placeholder}`.includes(prompt)) return false;
        await input.fill(text, { timeout: stepLimitMs });
        await input.focus({ timeout: stepLimitMs });
        await page.keyboard.press("Enter");
        return true;
      });
    },
    async openFile(path) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      const what = `the file "${path}" in "Go to File"`;
      await until(what, () => typeAndClick(what, "Control+P", path, (label) => label === name));
      await page.locator(`.tab.active[aria-label^="${name}"]`).waitFor({ timeout: waitLimitMs });
    },
  };
}

/** Rows are drawn a little after typing; gives up quietly after the limit. */
async function eventually<T>(limitMs: number, probe: () => Promise<T | undefined>): Promise<T | undefined> {
  const endAtMs = performance.now() + limitMs;
  let found = await probe();
  while (found === undefined && performance.now() < endAtMs) found = await probe();
  return found;
}

/**
 * The row by what it shows, not by its place: while a list is being filtered another one may come to stand there. Not by its
 * detail: a row that is drawn anew may still hold, unseen, that of another.
 */
async function rowBy(rows: Locator, fits: (item: QuickInputItem) => boolean): Promise<Locator | undefined> {
  const found = (await readRows(rows)).find(fits);
  if (found === undefined) return undefined;
  const { label, description } = found;
  const shows = (selector: string, text: string) =>
    text === "" ? {} : { has: rows.page().locator(selector, { hasText: exactly(text) }) };
  return rows
    .filter(shows(".quick-input-list-label .label-name", label))
    .filter(shows(".quick-input-list-label .label-description", description))
    .first();
}

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
}

function readRows(rows: Locator): Promise<QuickInputItem[]> {
  return rows.evaluateAll((elements) =>
    elements.map((row) => {
      const text = (selector: string) => row.querySelector(selector)?.textContent ?? "";
      return {
        label: text(".quick-input-list-label .label-name"),
        description: text(".quick-input-list-label .label-description"),
        detail: text(".quick-input-list-label-meta"),
      };
    }),
  );
}
