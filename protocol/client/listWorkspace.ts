import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join, relative, sep } from "node:path";
import { Refusal } from "../problem.ts";
import { gitFiles, gitIgnores, gitTop } from "./gitFiles.ts";

/** The files that go along with a script: paths relative to `root`, with `/`, sorted. */
export interface Workspace {
  root: string;
  files: string[];
  /** `git`: tracked and untracked-not-ignored files; `folder`: everything in the folder. */
  source: "git" | "folder";
}

const folderFileLimit = 50_000;

/**
 * The workspace of a script: its git work tree's tracked and untracked-not-ignored files; without git, the script's folder
 * (of the home folder without its hidden entries). With `directory`, that folder (git still decides what in it is
 * ignored, unless it ignores the folder itself, which was named after all). Throws `workspace-unreadable`.
 */
export async function listWorkspace(scriptDirectory: string, directory?: string): Promise<Workspace> {
  const top = await gitTop(directory ?? scriptDirectory);
  const root = directory ?? top ?? scriptDirectory;
  const isIgnored = directory !== undefined && top !== null && (await gitIgnores(directory));
  if (top !== null && !isIgnored) return { root, files: await gitFiles(root), source: "git" };
  return { root, files: await folderFiles(root), source: "folder" };
}

async function folderFiles(root: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await entriesOf(folder)) {
      if (folder === homedir() && entry.name.startsWith(".")) continue; // keys, caches, settings
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!skippedFolders.has(entry.name)) folders.push(path);
      } else files.push(relative(root, path).split(sep).join("/"));
      if (files.length > folderFileLimit) {
        const reason = `it holds more than ${folderFileLimit} files; send the script alone or name a smaller folder`;
        throw new Refusal("workspace-unreadable", { file: root, reason });
      }
    }
  }
  return files.sort();
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "EACCES" ? "permission denied" : message;
    throw new Refusal("workspace-unreadable", { file: folder, reason }, { cause });
  }
}

/** Never wanted on another machine, and large: left out of a folder without git. README names them. */
export const skippedFolders: ReadonlySet<string> = new Set([
  ".git",
  "node_modules",
  "__pycache__",
  ".venv",
  "venv",
  ".vscode-test",
]);
