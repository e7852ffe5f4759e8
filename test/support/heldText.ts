import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The text of all files below a folder. */
export function heldText(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => textOf(join(parentPath, name)))
    .join("\n");
}

/** A file's text; nothing when it goes meanwhile. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
