import type { Locator } from "playwright-core";
import type { Editor } from "../support/editor/editor.ts";
import { stepLimitMs } from "../support/editor/screen.ts";

/** The fleet's item in the status bar. */
export function fleetItem({ page }: Pick<Editor, "page">): Locator {
  return page.locator('.statusbar-item[id$="hwledger.fleet"]');
}

/** The colour behind something, and whether it is a red one. */
export function backgroundOf(target: Locator): Promise<{ colour: string; isRed: boolean }> {
  return target.evaluate((element) => {
    const colour = getComputedStyle(element).backgroundColor;
    const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
    return { colour, isRed: red > 100 && red > 2 * green && red > 2 * blue };
  });
}

/** What the editor shows beside what the mouse points at. */
export function shownHover({ page }: Pick<Editor, "page">): Locator {
  return page.locator(".monaco-hover:visible").last();
}

/** Points at something until what comes up has the word, and returns its text. */
export async function hoverText(editor: Editor, target: Locator, word: string): Promise<string> {
  await editor.page.mouse.move(700, 300);
  await target.hover();
  return await editor.until(`a hover with "${word}"`, async () => {
    const text = await shownHover(editor).innerText({ timeout: stepLimitMs });
    return text.includes(word) && text;
  });
}

/** The number on the extension's icon at the edge of the window; empty for none. */
export async function badge({ page }: Pick<Editor, "page">): Promise<string> {
  const icon = page.locator(".activitybar .action-item", {
    has: page.locator('.action-label[aria-label*="hwLedger"]'),
  });
  const number = icon.locator(".badge:visible .badge-content");
  return (await number.count()) === 0 ? "" : (await number.innerText()).trim();
}

/**
 * All that opened for a person beside the views, as text: pick list or input, dialog, tab, panel, notifications. The
 * command palette does not count.
 */
export async function whatIsOpen({ page, notifications }: Editor): Promise<string> {
  const palette = page.locator(".quick-input-widget:visible .quick-input-filter input");
  const isPalette = (await palette.count()) > 0 && (await palette.first().inputValue()).startsWith(">");
  const parts = {
    input: isPalette ? ".nothing" : ".quick-input-widget:visible",
    dialog: ".monaco-dialog-box:visible",
    tab: ".editor-group-container.active .tab.active:visible",
    panel: ".part.panel:visible .composite.title",
  };
  const texts: string[] = [];
  for (const [part, selector] of Object.entries(parts))
    for (const text of await page.locator(selector).allInnerTexts()) texts.push(`${part}: ${text}`);
  for (const { message } of await notifications()) texts.push(`notification: ${message}`);
  return texts.join("\n");
}
