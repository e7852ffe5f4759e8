import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  desktopAppDir,
  desktopSettings,
  desktopUriScheme,
  installOnDesktop,
  openDesktopWindow,
} from "./desktopEditor.ts";
import { createEditor, type Editor } from "./editor.ts";
import { openEditorBrowser, type EditorBrowser } from "./editorBrowser.ts";
import { installVsix, startEditorServer, type EditorServerOptions } from "./editorServer.ts";
import { stopAll } from "./stopAll.ts";
import { createSettingsFile, type UserSettings } from "./userSettings.ts";
import { ensureEditor } from "../../../scripts/installEditor.mjs";

const defaultTheme = "Dark Modern";

/** Workspace trust without the question at the start. */
const restrictedSettings: UserSettings = {
  "security.workspace.trust.enabled": true,
  "security.workspace.trust.startupPrompt": "never",
};

export interface StartEditorOptions {
  /** A folder for this run's user data, extensions and logs. */
  dir: string;
  /** The extension to install. */
  vsix?: string;
  /** More of them. */
  vsixes?: readonly string[];
  workspaceFolder: string;
  /** Over the quiet defaults of `userSettings.ts`. */
  settings?: UserSettings;
  /** Id of a built-in theme, e.g. "Light Modern". */
  theme?: string;
  /** Opens the folder in Restricted Mode: workspace trust is on, and nobody was asked yet. */
  isRestricted?: boolean;
  /** For the server and its extension host, over this process's own. */
  env?: Readonly<Record<string, string>>;
}

/**
 * Starts a fresh editor, opens the folder and waits until the workbench is usable: a server and a browser, or VS Code
 * on the desktop where HWLEDGER_DESKTOP_EDITOR names its executable.
 */
export function startEditor(options: StartEditorOptions): Promise<Editor> {
  const executable = process.env["HWLEDGER_DESKTOP_EDITOR"];
  return executable ? startOnDesktop(options, executable) : startInBrowser(options);
}

async function startInBrowser(options: StartEditorOptions): Promise<Editor> {
  const { nodePath, serverMain, serverDir } = await ensureEditor();
  const { dir, workspaceFolder, theme = defaultTheme } = options;
  const { settingsFile, logsDir, ...folders } = await furnish(options, {});
  const serverDataDir = join(dir, "server");
  const serverOptions: EditorServerOptions = { nodePath, serverMain, serverDataDir, ...folders };
  for (const vsix of extensionsOf(options)) await installVsix(serverOptions, vsix);
  const running: { stop(): Promise<void> }[] = [];
  try {
    const server = await startEditorServer(serverOptions);
    running.unshift(server);
    const browser = await openEditorBrowser();
    running.unshift(browser);
    const url = `${server.url}/?folder=${encodeURIComponent(workspaceFolder)}`;
    const common = { serverDir, logsDir, settingsFile, theme, workspaceFolder };
    const windowOn = async (page: EditorBrowser, owned: typeof server | null): Promise<Editor> => {
      const load = async () => {
        await page.page.goto(url);
      };
      const openWindow = async () => windowOn(await browser.openPage(), null);
      const editor = createEditor({ ...common, server: owned, browser: page, load, openWindow });
      await editor.reload();
      return editor;
    };
    return await windowOn(browser, server);
  } catch (error) {
    await stopAll(running);
    throw error;
  }
}

async function startOnDesktop(options: StartEditorOptions, executable: string): Promise<Editor> {
  const { workspaceFolder, theme = defaultTheme } = options;
  const serverDir = desktopAppDir(executable);
  const uriScheme = await desktopUriScheme(serverDir);
  const furnished = await furnish(options, desktopSettings);
  const { logsDir, settingsFile } = furnished;
  const desktopOptions = { executable, workspaceFolder, ...furnished };
  for (const vsix of extensionsOf(options)) await installOnDesktop(desktopOptions, vsix);
  const first = await openDesktopWindow(desktopOptions);
  const windowOn = async (browser: EditorBrowser): Promise<Editor> => {
    let isLoaded = false;
    const load = async ({ runCommand }: Pick<Editor, "runCommand">) => {
      if (isLoaded) await Promise.all([browser.page.waitForEvent("load"), runCommand("Reload Window")]);
      isLoaded = true;
    };
    const parts = { browser, load, serverDir, uriScheme, logsDir, settingsFile, theme, workspaceFolder };
    const editor = createEditor({ server: null, openWindow: () => openAnother(editor), ...parts });
    await editor.reload();
    return editor;
  };
  /** Beside the first window; where that was closed VS Code has ended, and is started again. */
  const openAnother = async ({ runCommand }: Editor): Promise<Editor> =>
    first.page.isClosed()
      ? windowOn(await openDesktopWindow(desktopOptions))
      : windowOn(await first.another(() => runCommand("Duplicate As Workspace in New Window")));
  try {
    return await windowOn(first);
  } catch (error) {
    await first.stop();
    throw error;
  }
}

function extensionsOf({ vsix, vsixes = [] }: StartEditorOptions): readonly string[] {
  return vsix === undefined ? vsixes : [vsix, ...vsixes];
}

/** The folders and settings of one run. */
async function furnish(
  { dir, env = {}, settings, theme, isRestricted = false }: StartEditorOptions,
  defaults: UserSettings,
) {
  const userDataDir = join(dir, "user-data");
  const extensionsDir = join(dir, "extensions");
  await mkdir(extensionsDir, { recursive: true });
  const settingsFile = await createSettingsFile(userDataDir, {
    ...defaults,
    ...(isRestricted ? restrictedSettings : {}),
    ...settings,
    "workbench.colorTheme": theme ?? defaultTheme,
  });
  const logsDir = join(userDataDir, "logs");
  return { userDataDir, extensionsDir, env, settingsFile, logsDir, hasWorkspaceTrust: isRestricted };
}
