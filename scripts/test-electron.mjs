// `npm run test:electron`: the end-to-end tests in VS Code on the desktop, the real Electron application, which
// @vscode/test-electron downloads. HWLEDGER_DESKTOP_EDITOR names one that is there already.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { downloadAndUnzipVSCode, SilentReporter } from "@vscode/test-electron";
import { build, root } from "./build.mjs";
import { ensureEditor } from "./installEditor.mjs";
import { runSteps, suite } from "./steps.mjs";
import { ensureSystemPackages, labPackages } from "./systemPackages.mjs";

const releases = "https://update.code.visualstudio.com/api/releases/stable";
/** Silence of the other side after which the download is given up. */
const silenceLimitMs = 20_000;
const downloadLimitMs = 10 * 60_000;

try {
  process.env.HWLEDGER_DESKTOP_EDITOR = await desktopEditor();
  await ensureDisplay();
} catch (error) {
  console.error(error.message);
  console.log("\n0 passed, 1 failed");
  process.exit(1);
}
await ensureSystemPackages(labPackages);
await ensureEditor({ log: console.log });
build();
await runSteps([suite("VS Code on the desktop", ["test/e2e/**/*.test.ts"], 3_600_000)]);

/** The path of VS Code's executable: the one given, or a download below `.vscode-test/`. */
async function desktopEditor() {
  const given = process.env.HWLEDGER_DESKTOP_EDITOR;
  if (given && !existsSync(given))
    throw new Error(`HWLEDGER_DESKTOP_EDITOR names ${given}, which is not there.`);
  if (given) return given;
  console.log("Fetching VS Code for the desktop …");
  const cachePath = join(root, ".vscode-test");
  const reporter = new SilentReporter();
  const fetched = downloadAndUnzipVSCode({ version: "stable", cachePath, timeout: silenceLimitMs, reporter });
  const late = delay(downloadLimitMs, undefined, { ref: false }).then(() => {
    throw new Error(`not done within ${downloadLimitMs / 60_000} min`);
  });
  try {
    return await Promise.race([fetched, late]);
  } catch (error) {
    throw new Error(notFetched(error), { cause: error });
  }
}

function notFetched(error) {
  return `VS Code for the desktop could not be fetched: ${error?.message || error}
What was to be downloaded: the newest stable VS Code for ${process.platform}-${process.arch}, which
@vscode/test-electron finds by ${releases}.
By hand: unpack VS Code's .zip or .tar.gz somewhere and name its executable,
  HWLEDGER_DESKTOP_EDITOR=/path/to/VSCode-linux-x64/code npm run test:electron`;
}

/** Electron draws into a display also when nobody looks: without one, into an Xvfb of our own. */
async function ensureDisplay() {
  if (process.platform !== "linux" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY) return;
  const args = ["-displayfd", "3", "-screen", "0", "1440x900x24", "-nolisten", "tcp"];
  const xvfb = spawn("Xvfb", args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  process.once("exit", () => xvfb.kill());
  const number = once(xvfb.stdio[3], "data").then(([line]) => String(line).trim());
  const ended = once(xvfb, "exit").then(() => null);
  const display = await Promise.race([number, ended]).catch(() => null);
  if (!display) throw new Error("Electron needs a display and Xvfb does not start: `apt-get install xvfb`.");
  process.env.DISPLAY = `:${display}`;
}
