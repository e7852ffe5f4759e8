import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createVSIX } from "@vscode/vsce";

/** What the probe in the extension host found, as it writes it. */
export interface ProbedHost {
  /** From the request to activate an extension to its end, in milliseconds, by the extension's id. */
  activatedMs: Record<string, number>;
  /** The same to the end of what it puts off until then, for extensions that say when that is. */
  wiredMs: Record<string, number>;
  /** Memory of the extension host's process some seconds later. */
  rssBytes: number;
}

export const nothingId = "throwaway.nothing";
const settleMs = 3_000;
/**
 * Until then the editor starts. It waits with those that begin by themselves, after its start, until the probe is active:
 * for 10 s.
 */
const startMs = 5_000;

/** CommonJS, as the extension host loads it. Activates the others before they would begin by themselves. */
const probe = `
const vscode = require("vscode");
const { writeFileSync, renameSync } = require("node:fs");
exports.activate = async () => {
  await new Promise((resolve) => setTimeout(resolve, ${startMs}));
  const activatedMs = {};
  const wiredMs = {};
  for (const id of process.env.HWLEDGER_BENCH_EXTENSIONS.split(",")) {
    const extension = vscode.extensions.getExtension(id);
    if (!extension) continue;
    if (extension.isActive) throw new Error(id + " is active already");
    const startMs = performance.now();
    await extension.activate();
    activatedMs[id] = performance.now() - startMs;
    await extension.exports?.whenWired;
    wiredMs[id] = performance.now() - startMs;
  }
  setTimeout(() => {
    const file = process.env.HWLEDGER_BENCH_FILE;
    writeFileSync(file + ".part", JSON.stringify({ activatedMs, wiredMs, rssBytes: process.memoryUsage().rss }));
    renameSync(file + ".part", file);
  }, ${settleMs});
};
`;

/** Packs an extension that measures, and one that does nothing; returns the paths of their VSIX. */
export async function packProbe(dir: string): Promise<string[]> {
  return [
    await pack(dir, "probe", ["*"], probe),
    await pack(dir, "nothing", [], "exports.activate = () => {};\n"),
  ];
}

async function pack(dir: string, name: string, activationEvents: string[], source: string): Promise<string> {
  const cwd = join(dir, name);
  const manifest = { name, publisher: "throwaway", version: "1.0.0", engines: { vscode: "^1.101.0" } };
  await mkdir(cwd, { recursive: true });
  const rest = { main: "main.js", activationEvents, extensionKind: ["workspace"] };
  await writeFile(join(cwd, "package.json"), JSON.stringify({ ...manifest, ...rest }));
  await writeFile(join(cwd, "main.js"), source);
  const packagePath = join(dir, `${name}.vsix`);
  await createVSIX({
    cwd,
    packagePath,
    allowMissingRepository: true,
    skipLicense: true,
    dependencies: false,
  });
  return packagePath;
}
