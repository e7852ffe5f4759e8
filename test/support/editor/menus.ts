import type { Locator } from "playwright-core";
import { clickOnce } from "./click.ts";
import { stepLimitMs, waitLimitMs, type Screen } from "./screen.ts";

/** Short, since the entry may leave together with its menu while the click is tried. */
const clickLimitMs = 300;

/** A context menu that was opened once and is left alone until a test has done what may disturb it. */
export interface OpenMenu {
  isOpen(): Promise<boolean>;
  /** Clicks the entry once. Throws when the menu is gone, has no such entry, or stays open. */
  clickOnce(menuItem: string): Promise<void>;
}

export interface ContextMenu {
  /** Right-clicks once, and waits for the menu. */
  openOnce(target: Locator): Promise<OpenMenu>;
  /** Right-clicks what `target` finds and chooses the entry with that label. */
  choose(target: () => Promise<Locator>, menuItem: string, where: string): Promise<void>;
  /** Right-clicks and reads the labels of the menu's entries, then closes it. */
  read(target: () => Promise<Locator>, where: string): Promise<string[]>;
}

export function createContextMenu({ page, until }: Screen): ContextMenu {
  const menu = page.locator(".monaco-menu:visible");
  const entries = menu.locator(".action-item .action-label:not(.separator)");

  const close = async () => {
    while (await menu.first().isVisible()) await page.keyboard.press("Escape");
  };
  const open = async (target: () => Promise<Locator>) => {
    await close();
    await (await target()).click({ button: "right", timeout: stepLimitMs });
    await entries.first().waitFor({ timeout: stepLimitMs });
    return entries.allInnerTexts();
  };
  /**
   * The editor ignores the mouse for a moment after a menu opened, so one click may not do. False when the menu closed by
   * itself, before any click.
   */
  const press = async (entry: Locator): Promise<boolean> => {
    let clicked = false;
    const { chosen } = await until(
      "the menu to close after the click",
      async () => {
        if (await menu.first().isHidden()) return { chosen: clicked };
        await clickOnce(entry, clickLimitMs);
        clicked = true;
        return (await menu.first().isHidden()) && { chosen: true };
      },
      stepLimitMs,
    );
    return chosen;
  };

  return {
    async openOnce(target) {
      if (await menu.first().isVisible()) throw new Error("a menu is open already");
      await clickOnce(target, waitLimitMs, "right");
      await entries.first().waitFor({ timeout: waitLimitMs });
      return {
        isOpen: () => menu.first().isVisible(),
        async clickOnce(menuItem) {
          const labels = (await entries.allInnerTexts()).map((label) => label.trim());
          if (!labels.includes(menuItem)) throw new Error(`the menu has: ${labels.join(" | ")}`);
          await clickOnce(entries.nth(labels.indexOf(menuItem)), stepLimitMs);
          await menu.first().waitFor({ state: "hidden", timeout: stepLimitMs });
        },
      };
    },
    async choose(target, menuItem, where) {
      await until(`"${menuItem}" in the context menu of ${where}`, async () => {
        const labels = await open(target);
        const index = labels.findIndex((label) => label.trim() === menuItem);
        if (index === -1) {
          await close();
          throw new Error(`the menu has: ${labels.join(" | ")}`);
        }
        return await press(entries.nth(index));
      });
    },
    async read(target, where) {
      const labels = await until(`the context menu of ${where}`, () => open(target));
      await close();
      return labels.map((label) => label.trim());
    },
  };
}
