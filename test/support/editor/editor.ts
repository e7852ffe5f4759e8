import { readdir } from "node:fs/promises";
import type { Page } from "playwright-core";
import { createDialogs, type Dialogs } from "./dialogs.ts";
import type { EditorBrowser } from "./editorBrowser.ts";
import type { EditorServer } from "./editorServer.ts";
import { hostLogs } from "./hostLogs.ts";
import { createNotifications, type Notifications } from "./notifications.ts";
import { createOpenUri, type OpenUri } from "./openUri.ts";
import { createQuickInput, type QuickInput } from "./quickInput.ts";
import { createScreen, type Screen } from "./screen.ts";
import { stopAll } from "./stopAll.ts";
import { createTerminal, type Terminal } from "./terminal.ts";
import { findTheme } from "./themes.ts";
import type { SettingsFile, UserSettings } from "./userSettings.ts";
import { createViews, type Views } from "./views.ts";

const usableLimitMs = 90_000;
const longestWaitMs = 30_000;

/** One running workbench. Its waits have limits and say what was waited for and what was on screen. */
export interface Editor extends QuickInput, Views, Terminal, Notifications, Dialogs {
  page: Page;
  /** For conditions of a test's own; see {@link Screen}. */
  until: Screen["until"];
  openUri: OpenUri;
  /** The texts of the status bar's items, one a line. */
  statusBarText(): Promise<string>;
  screenshot(path: string): Promise<void>;
  /**
   * Changes user settings; those that are not named stay. They hold after the next `reload()`: this server follows
   * the file only until the first one.
   */
  changeSettings(settings: UserSettings): Promise<void>;
  /** Picks a built-in theme by its id, e.g. "Light Modern", "Default High Contrast". */
  setTheme(id: string): Promise<void>;
  /** Loads the page again and waits until the workbench is usable; the extension host starts anew. */
  reload(): Promise<void>;
  /** Another window on the same folder, with an extension host of its own; to be stopped before this one. */
  openWindow(): Promise<Editor>;
  /** The logs of the extension hosts of this run, output channels included, each file under its name. */
  extensionHostLog(): Promise<string>;
  /** What the page wrote to its console, and the last that the server printed. */
  consoleText(): string;
  /** Addresses outside 127.0.0.1 that were asked for and refused. */
  blockedUrls(): readonly string[];
  /** Ends the browser, the server and all its children. */
  stop(): Promise<void>;
}

/** What an editor is made of. */
export interface EditorParts {
  /** Null on the desktop, which is its own server. */
  server: Pick<EditorServer, "output" | "stop"> | null;
  browser: EditorBrowser;
  /** Loads the workbench, anew when it is there already. */
  load: (commands: Pick<QuickInput, "runCommand">) => Promise<void>;
  /** Loads another window of it into a page of its own. */
  openWindow: () => Promise<Editor>;
  /** Folder of the editor's own files, built-in extensions included. */
  serverDir: string;
  /** What links to this editor begin with; "code-oss" when left out. */
  uriScheme?: string;
  logsDir: string;
  settingsFile: SettingsFile;
  /** The theme that the settings name. */
  theme: string;
  workspaceFolder: string;
}

/** Puts the parts together; the workbench is not loaded before the first `reload()`. */
export function createEditor(all: EditorParts): Editor {
  const { server, browser, workspaceFolder, logsDir, ...parts } = all;
  const { page } = browser;
  page.setDefaultTimeout(longestWaitMs);
  const screen = createScreen(page);
  const quickInput = createQuickInput(screen);
  const dialogs = createDialogs(screen);
  const theme = createThemeSwitch(screen, quickInput, parts);
  return {
    page,
    until: screen.until,
    ...quickInput,
    ...createViews(screen, quickInput),
    ...createTerminal(screen, quickInput),
    ...createNotifications(screen),
    ...dialogs,
    openUri: createOpenUri(screen, quickInput, dialogs, parts.uriScheme),
    statusBarText: async () => (await page.locator(".statusbar-item:visible").allInnerTexts()).join("\n"),
    async screenshot(path) {
      await page.screenshot({ path });
    },
    changeSettings: (settings) => parts.settingsFile.change(settings),
    setTheme: theme.set,
    async reload() {
      await parts.load(quickInput);
      await waitUntilRestored(screen, workspaceFolder);
      await theme.waitForIt();
    },
    openWindow: parts.openWindow,
    extensionHostLog: () => hostLogs(logsDir),
    consoleText: () => `${browser.consoleText()}\n${server?.output() ?? ""}`,
    blockedUrls: browser.blockedUrls,
    stop: () => stopAll(server === null ? [browser] : [browser, server]),
  };
}

interface ThemeSwitch {
  set(id: string): Promise<void>;
  waitForIt(): Promise<void>;
}

function createThemeSwitch(
  { page, until }: Screen,
  { runCommand, pickQuickInput }: QuickInput,
  { theme, serverDir }: Pick<EditorParts, "theme" | "serverDir">,
): ThemeSwitch {
  let current = theme;
  const waitForIt = async () => {
    const { className } = await findTheme(serverDir, current);
    await until(`the theme "${current}"`, () => page.locator(`.monaco-workbench.${className}`).isVisible());
  };
  return {
    waitForIt,
    async set(id) {
      const { label } = await findTheme(serverDir, id);
      await runCommand("Preferences: Color Theme");
      await pickQuickInput(label);
      current = id;
      await waitForIt();
    },
  };
}

/** The workbench has restored itself, and the Explorer, if it is shown, has read the folder. */
async function waitUntilRestored({ page, until }: Screen, workspaceFolder: string): Promise<void> {
  const isEmpty = (await readdir(workspaceFolder)).length === 0;
  const explorer = page.locator(".explorer-folders-view");
  const hasExplorer = async () =>
    isEmpty || !(await explorer.isVisible()) || explorer.locator(".monaco-list-row").first().isVisible();
  await until(
    "a usable workbench",
    async () => (await page.locator('.statusbar-item[id="status.problems"]').isVisible()) && hasExplorer(),
    usableLimitMs,
  );
}
