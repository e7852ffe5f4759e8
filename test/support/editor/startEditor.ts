import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createEditor, type Editor } from "./editor.ts";
import { openEditorBrowser } from "./editorBrowser.ts";
import { installVsix, startEditorServer, type EditorServerOptions } from "./editorServer.ts";
import { stopAll } from "./stopAll.ts";
import { createSettingsFile, type UserSettings } from "./userSettings.ts";
import { ensureEditor } from "../../../scripts/installEditor.mjs";

const defaultTheme = "Dark Modern";

export interface StartEditorOptions {
  /** A folder for this run's user data, extensions and logs. */
  dir: string;
  /** The extension to install. */
  vsix?: string;
  workspaceFolder: string;
  /** Over the quiet defaults of `userSettings.ts`. */
  settings?: UserSettings;
  /** Id of a built-in theme, e.g. "Light Modern". */
  theme?: string;
  /** For the server and its extension host, over this process's own. */
  env?: Readonly<Record<string, string>>;
}

/** Starts a fresh editor server and a browser, opens the folder and waits until the workbench is usable. */
export async function startEditor(options: StartEditorOptions): Promise<Editor> {
  const { nodePath, serverMain, serverDir } = await ensureEditor();
  const { dir, vsix, workspaceFolder, settings = {}, theme = defaultTheme } = options;
  const serverOptions: EditorServerOptions = {
    nodePath,
    serverMain,
    serverDataDir: join(dir, "server"),
    userDataDir: join(dir, "user-data"),
    extensionsDir: join(dir, "extensions"),
    env: options.env ?? {},
  };
  await mkdir(serverOptions.extensionsDir, { recursive: true });
  const settingsFile = await createSettingsFile(serverOptions.userDataDir, {
    ...settings,
    "workbench.colorTheme": theme,
  });
  if (vsix !== undefined) await installVsix(serverOptions, vsix);
  const running: { stop(): Promise<void> }[] = [];
  try {
    const server = await startEditorServer(serverOptions);
    running.unshift(server);
    const browser = await openEditorBrowser();
    running.unshift(browser);
    const logsDir = join(serverOptions.userDataDir, "logs");
    const parts = { server, browser, serverDir, logsDir, settingsFile, theme, workspaceFolder };
    const editor = createEditor(parts);
    await editor.reload();
    return editor;
  } catch (error) {
    await stopAll(running);
    throw error;
  }
}
