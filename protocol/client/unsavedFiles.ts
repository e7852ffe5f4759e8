import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { isInside } from "./isInside.ts";

/** Content that an editor holds unsaved, by absolute path. */
export type UnsavedFiles = ReadonlyMap<string, Uint8Array>;

/** The same with its folders resolved. A link that a person edits is both: its own path, and the file it leads to. */
export async function resolvedFiles(unsaved: UnsavedFiles): Promise<UnsavedFiles> {
  const found = new Map<string, Uint8Array>();
  for (const [path, bytes] of unsaved) {
    const folder = await realpath(dirname(resolve(path))).catch(() => null);
    if (folder === null) continue; // its folder is gone, so it is not among what is sent
    const itself = join(folder, basename(path));
    found.set(itself, bytes);
    found.set(await realpath(itself).catch(() => itself), bytes);
  }
  return found;
}

/** By name relative to `root`, with `/`; what lies elsewhere is left out. */
export function namesInside(root: string, unsaved: UnsavedFiles): UnsavedFiles {
  const inside = [...unsaved].filter(([path]) => isInside(root, path));
  return new Map(inside.map(([path, bytes]) => [relative(root, path).split(sep).join("/"), bytes]));
}
