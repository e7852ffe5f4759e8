import { renameSync, writeFileSync } from "node:fs";

/** Writes a file 0600 so that it is there whole or not at all. */
export function writePrivateFile(file: string, text: string): void {
  const partial = `${file}.${process.pid}.partial`;
  writeFileSync(partial, text, { mode: 0o600, flush: true });
  renameSync(partial, file);
}
