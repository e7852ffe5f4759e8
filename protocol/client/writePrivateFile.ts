import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Writes a file 0600 so that it is there whole or not at all, also after a power cut. Nobody who may write into the folder
 * can have put something in its way.
 */
export function writePrivateFile(file: string, text: string): void {
  const partial = `${file}.${randomBytes(8).toString("hex")}.partial`;
  try {
    writeFileSync(partial, text, { mode: 0o600, flush: true, flag: "wx" });
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  syncFolder(dirname(file));
}

/** Removes from a folder what a process that was killed has left of its private files. */
export function removeLeftPrivate(folder: string): void {
  for (const name of readdirSync(folder))
    if (/\.[0-9a-f]{16}\.partial$/.test(name)) rmSync(join(folder, name), { force: true });
}

/** Makes a rename last. Windows has no such thing for folders. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
