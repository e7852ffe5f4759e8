// First step of `npm start` and `npm test` on a fresh clone. Plain JavaScript for Node 20: it installs what is missing,
// then hands over to the project's own Node.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === "win32";

/** npm writes this file last, so it is there only after a whole install; a newer lock file means another install. */
function isInstalled() {
  const done = join(root, "node_modules", ".package-lock.json");
  return existsSync(done) && statSync(done).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

function install() {
  console.error("Installing packages (once, about a minute) …");
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, error } = spawnSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2], shell: windows });
  if (error || status !== 0) {
    console.error(`\nnpm ci failed. Check the network and that npm is 10 or newer, then try again.`);
    process.exit(status ?? 1);
  }
}

if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(`hwLedger needs Node.js 20 or newer to start; this is ${process.version}.`);
  process.exit(1);
}
if (!isInstalled()) install();

const [script, ...args] = process.argv.slice(2);
const bin = join(root, "node_modules", ".bin");
const node = join(root, "node_modules", "node", "bin", windows ? "node.exe" : "node");
const path = `${bin}${windows ? ";" : ":"}${process.env.PATH ?? ""}`;
const child = spawn(node, [join(root, "scripts", `${script}.mjs`), ...args], {
  stdio: "inherit",
  env: { ...process.env, PATH: path },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
