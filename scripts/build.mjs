// Builds the bundles and the VSIX into dist/. As a program it always builds; `buildIfStale` only when a source changed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const sources = ["protocol", "service", "extension", "agent", "media"];
const files = [
  "package.json",
  "package-lock.json",
  "esbuild.mjs",
  ".vscodeignore",
  "README.md",
  "CHANGELOG.md",
];

function sourceHash() {
  const hash = createHash("sha256");
  const paths = [...files];
  for (const folder of sources)
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) paths.push(join(entry.parentPath, entry.name).slice(root.length + 1));
  for (const path of paths.sort()) {
    if (!existsSync(join(root, path))) continue;
    hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex");
}

function run(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (status === 0) return;
  console.error(`${stdout}${stderr}\nThe build failed at: ${args.join(" ")}`);
  process.exit(1);
}

/** Path of the VSIX of this version. */
export function vsixPath() {
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return join(root, "dist", `${name}-${version}.vsix`);
}

/** Builds everything. Returns the VSIX's path. */
export function build() {
  mkdirSync(join(root, "dist"), { recursive: true });
  rmSync(join(root, "dist", ".built-from"), { force: true });
  run(["esbuild.mjs", "--minify"]);
  const vsix = vsixPath();
  const vsce = join("node_modules", "@vscode", "vsce", "vsce");
  run([
    vsce,
    "package",
    "--no-dependencies",
    "--allow-missing-repository",
    "--no-rewrite-relative-links",
    "--out",
    vsix,
  ]);
  writeFileSync(join(root, "dist", ".built-from"), sourceHash());
  return vsix;
}

/** Builds only when a source has changed since the last build. Returns the VSIX's path. */
export function buildIfStale() {
  const stamp = join(root, "dist", ".built-from");
  const fresh = existsSync(stamp) && existsSync(vsixPath()) && readFileSync(stamp, "utf8") === sourceHash();
  if (fresh) return vsixPath();
  console.error("Building …");
  return build();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(build());
