import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Editor } from "../support/editor/editor.ts";
import { whatIsOpen } from "./actionsFixture.ts";

const manifestFile = new URL("../../package.json", import.meta.url);

/** Commands whose effect is in the views, where nothing opens. */
const quiet = new Set([
  "hwledger.startService",
  "hwledger.restartService",
  "hwledger.groupJobsByHost",
  "hwledger.groupJobsByState",
  "hwledger.showOlderEvents",
]);

/** What a program says that did not expect this. */
export const slip = /Cannot read|undefined|\bnull\b|NaN|\[object |TypeError|is not a function/;

/** A command of the extension, as package.json declares it. */
export interface PaletteCommand {
  command: string;
  title: string;
}

interface Manifest {
  contributes: { commands: PaletteCommand[]; menus: { commandPalette: { command: string; when: string }[] } };
}

/** The extension's commands that the palette has under one of these conditions; `undefined`: under none. */
export async function paletteCommands(offered: ReadonlySet<string | undefined>): Promise<PaletteCommand[]> {
  const { contributes } = JSON.parse(await readFile(manifestFile, "utf8")) as Manifest;
  const when = new Map(contributes.menus.commandPalette.map((entry) => [entry.command, entry.when]));
  return contributes.commands.filter(({ command }) => offered.has(when.get(command)));
}

/**
 * Runs a command from the palette where nothing is open, sees that it opens or says something sound, unless it is one of
 * the quiet, and closes what it opened by Escape. Gives what was open.
 */
export async function runAlone(
  editor: Editor,
  { command, title }: PaletteCommand,
  isQuiet = quiet.has(command),
): Promise<string> {
  const tabs = editor.page.locator(".tab:visible");
  while ((await tabs.count()) > 0) {
    const left = (await tabs.count()) - 1;
    await editor.runCommand("View: Revert and Close Editor");
    await editor.until("one tab less", async () => (await tabs.count()) <= left);
  }
  await editor.runCommand("Notifications: Clear All Notifications");
  if (await editor.page.locator(".part.panel").isVisible()) await editor.runCommand("View: Hide Panel");
  const before = await whatIsOpen(editor);
  await editor.runCommand(`hwLedger: ${title}`);
  let open = before;
  if (!isQuiet) {
    open = await editor.until(`what "${title}" opens`, async () => {
      const now = await whatIsOpen(editor);
      return now !== before && now;
    });
    assert.doesNotMatch(open, slip, title);
  }
  await editor.until(`nothing in the way after "${title}"`, async () => {
    const inTheWay = editor.page.locator(".quick-input-widget:visible, .monaco-dialog-box:visible");
    if ((await inTheWay.count()) === 0) return true;
    await editor.page.keyboard.press("Escape");
    return false;
  });
  return open;
}
