#!/usr/bin/env node
// Finds a Node.js that can run hwledger (22 or newer) and hands over to it. Plain JavaScript for any Node.js.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const program = join(root, "dist", "service", "hwledger.cjs");

function major(version) {
  return Number(/^v?(\d+)/.exec(version)?.[1] ?? 0);
}

function findNode() {
  if (major(process.version) >= 22) return process.execPath;
  const own = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(own)) return own;
  const { stdout } = spawnSync("node", ["--version"], { encoding: "utf8" });
  return major(stdout ?? "") >= 22 ? "node" : null;
}

function fail(code, title, detail, next) {
  if (process.argv.includes("--json"))
    console.log(
      JSON.stringify({ problem: { type: `urn:hwledger:problem:${code}`, title, detail, code, next } }),
    );
  else console.error(`${title}. ${detail}\n${next}`);
  process.exit(2);
}

const node = findNode();
if (node === null)
  fail(
    "node-too-old",
    "Node.js is too old",
    `hwledger needs Node.js 22 or newer; this is ${process.version}.`,
    "Run it through `npx` in the project, or install a newer Node.js.",
  );
if (!existsSync(program))
  fail("usage", "hwledger is not built yet", "Its bundle is missing.", "Run `npm run build` in the project.");

const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: "inherit" });
// A terminal sends Ctrl-C to the child as well, which takes two at once for one; signals from elsewhere reach only us.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
// Node.js 20 sets the terminal back at its own end, and aborts when that is gone.
const dreadsHangUp = major(process.version) < 22 && [0, 1, 2].some((descriptor) => isatty(descriptor));
let hungUp = false;
process.on("SIGHUP", () => (hungUp = true));
child.on("error", (error) =>
  fail(
    "node-too-old",
    "Node.js cannot be started",
    `${node}: ${error.message}.`,
    "Run `npm ci` in the project.",
  ),
);
child.on("exit", (code, signal) => {
  if (hungUp && dreadsHangUp) process.kill(process.pid, "SIGKILL");
  if (signal === null) process.exit(code ?? 255);
  // Ends as the child did, so that a shell sees the signal.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100);
});
