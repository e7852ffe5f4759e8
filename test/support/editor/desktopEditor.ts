import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { resolveCliPathFromVSCodeExecutablePath } from "@vscode/test-electron";
import { _electron, type Page } from "playwright-core";
import type { EditorBrowser } from "./editorBrowser.ts";
import { recordNotifications } from "./notifications.ts";
import type { UserSettings } from "./userSettings.ts";

const launchLimitMs = 60_000;
const installLimitMs = 90_000;

/** A VS Code on the desktop and the folders of one run. */
export interface DesktopEditorOptions {
  /** Its Electron executable. */
  executable: string;
  userDataDir: string;
  extensionsDir: string;
  workspaceFolder: string;
  /** Whether folders are trusted only once a person says so. */
  hasWorkspaceTrust: boolean;
  /** Added to this process's environment; the extension host inherits it. */
  env: Readonly<Record<string, string>>;
}

/** What the desktop draws itself unless told: dialogs and menus are to be in the page. */
export const desktopSettings: UserSettings = {
  "window.dialogStyle": "custom",
  "window.titleBarStyle": "custom",
  "window.menuStyle": "custom",
  "window.restoreWindows": "none",
  "window.newWindowDimensions": "maximized",
};

/** Installs a VSIX by the desktop's own command line; throws with what that printed. */
export async function installOnDesktop(options: DesktopEditorOptions, vsix: string): Promise<void> {
  const cli = resolveCliPathFromVSCodeExecutablePath(options.executable);
  const args = [...folders(options), "--no-sandbox", "--install-extension", vsix, "--force"];
  const run = promisify(execFile);
  const shell = process.platform === "win32";
  try {
    await run(cli, args, { env: desktopEnv(options.env), timeout: installLimitMs, shell });
  } catch (cause) {
    const { stdout = "", stderr = "" } = cause as { stdout?: string; stderr?: string };
    throw new Error(`VS Code did not install ${vsix}:\n${stdout}${stderr}`, { cause });
  }
}

/** The first window of a VS Code. */
export interface DesktopWindow extends EditorBrowser {
  /** The window that `open` makes it open. */
  another(open: () => Promise<void>): Promise<EditorBrowser>;
}

/** Starts VS Code with the folder and gives its first window. Names do not resolve, so nothing outside is reached. */
export async function openDesktopWindow(options: DesktopEditorOptions): Promise<DesktopWindow> {
  const app = await _electron.launch({
    executablePath: options.executable,
    args: [
      ...folders(options),
      ...(options.hasWorkspaceTrust ? [] : ["--disable-workspace-trust"]),
      ...windowArgs,
      options.workspaceFolder,
    ],
    env: desktopEnv(options.env),
    timeout: launchLimitMs,
  });
  try {
    await app.context().addInitScript(recordNotifications);
    const first = await watched(await app.firstWindow({ timeout: launchLimitMs }));
    return {
      ...first,
      async another(open) {
        const opened = app.waitForEvent("window", { timeout: launchLimitMs });
        const [page] = await Promise.all([opened, open()]);
        return { ...(await watched(page)), stop: () => page.close() };
      },
      stop: () => app.close(),
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function watched(page: Page): Promise<Omit<EditorBrowser, "stop">> {
  await page.waitForLoadState("domcontentloaded");
  await page.evaluate(recordNotifications);
  const messages: string[] = [];
  page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
  return { page, consoleText: () => messages.join("\n"), blockedUrls: () => [] };
}

/** The folder of the application's own files, where `product.json` and the built-in extensions lie. */
export function desktopAppDir(executable: string): string {
  const near = dirname(executable);
  const found = [join(near, "resources", "app"), join(near, "..", "Resources", "app")].find((dir) =>
    existsSync(join(dir, "product.json")),
  );
  if (found === undefined) throw new Error(`${executable} is not the executable of a VS Code`);
  return found;
}

/** What links to this VS Code begin with, e.g. "vscode". */
export async function desktopUriScheme(appDir: string): Promise<string> {
  const product = JSON.parse(await readFile(join(appDir, "product.json"), "utf8")) as { urlProtocol: string };
  return product.urlProtocol;
}

const windowArgs = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-updates",
  "--disable-telemetry",
  "--disable-crash-reporter",
  "--skip-welcome",
  "--skip-release-notes",
  "--password-store=basic",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

function folders({ userDataDir, extensionsDir }: DesktopEditorOptions): string[] {
  return ["--user-data-dir", userDataDir, "--extensions-dir", extensionsDir];
}

/** Without what a surrounding editor set for its own children. */
function desktopEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  const foreign = /^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/;
  const own = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined || foreign.test(name) ? [] : [[name, value]],
  );
  return { ...Object.fromEntries(own), ...env };
}
