import { accessSync, constants } from "node:fs";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { recordNotifications } from "./notifications.ts";

const candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const windowSize = { width: 1440, height: 900 };
const launchLimitMs = 60_000;
/** Half of the key that seals the editor's secrets; the same for each load, so that they outlive a reload. */
const secretKeyHalf = Buffer.alloc(32, 7);

export interface EditorBrowser {
  page: Page;
  /** What was written to the page's console, the extension host's part included; one message a line. */
  consoleText(): string;
  /** Addresses outside 127.0.0.1 which the page asked for and did not get. */
  blockedUrls(): readonly string[];
  stop(): Promise<void>;
}

export interface EditorPages extends EditorBrowser {
  /** Another empty page beside this one, with the same cookies and storage. Ends with the browser at the latest. */
  openPage(): Promise<EditorBrowser>;
}

/**
 * Starts Chromium headless with one empty page. Nothing but 127.0.0.1 can be reached: names do not resolve and
 * requests are refused. `HWLEDGER_CHROMIUM` names another Chromium.
 */
export async function openEditorBrowser(): Promise<EditorPages> {
  const browser = await launch();
  const blocked: string[] = [];
  try {
    const context = await browser.newContext({
      viewport: windowSize,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await context.route(
      (url) => url.protocol.startsWith("http") && url.hostname !== "127.0.0.1",
      async (route) => {
        blocked.push(route.request().url());
        await route.abort("blockedbyclient");
      },
    );
    await context.route("**/mint-key", async (route) => {
      if (route.request().method() !== "POST") return route.fallback();
      await route.fulfill({ contentType: "application/octet-stream", body: secretKeyHalf });
    });
    await context.addInitScript(recordNotifications);
    const first = await openPage(context, blocked);
    return { ...first, openPage: () => openPage(context, blocked), stop: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

async function openPage(context: BrowserContext, blocked: readonly string[]): Promise<EditorBrowser> {
  const page = await context.newPage();
  const messages: string[] = [];
  page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
  return {
    page,
    consoleText: () => messages.join("\n"),
    blockedUrls: () => blocked,
    stop: () => page.close(),
  };
}

function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["HWLEDGER_CHROMIUM"] ?? findChromium(),
    headless: true,
    timeout: launchLimitMs,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-quic",
      "--disable-sync",
      "--no-first-run",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}

function findChromium(): string {
  for (const path of candidates) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  throw new Error(
    `no Chromium at ${candidates.join(", ")}: run \`apt-get install chromium\` or set HWLEDGER_CHROMIUM`,
  );
}
