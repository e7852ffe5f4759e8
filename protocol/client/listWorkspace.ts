import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { Refusal } from "../problem.ts";

/** The files that go along with a script: paths relative to `root`, with `/`, sorted. */
export interface Workspace {
  root: string;
  files: string[];
  /** `git`: tracked and untracked-not-ignored files; `folder`: everything in the folder. */
  source: "git" | "folder";
}

const run = promisify(execFile);
const folderFileLimit = 50_000;

/**
 * The workspace of a script: its git work tree's tracked and untracked-not-ignored files; without git, the script's folder.
 * With `directory`, that folder (git still decides what in it is ignored).
 */
export async function listWorkspace(scriptDirectory: string, directory?: string): Promise<Workspace> {
  const top = await gitTop(directory ?? scriptDirectory);
  const root = directory ?? top ?? scriptDirectory;
  if (top !== null) return { root, files: await gitFiles(root), source: "git" };
  return { root, files: await folderFiles(root), source: "folder" };
}

async function gitTop(directory: string): Promise<string | null> {
  try {
    const { stdout } = await run("git", ["-C", directory, "rev-parse", "--show-toplevel"], {
      timeout: 10_000,
    });
    const top = stdout.replace(/\r?\n$/, "");
    return top === "" ? null : top.split("/").join(sep);
  } catch {
    return null; // no git, or no repository
  }
}

async function gitFiles(root: string): Promise<string[]> {
  const args = ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  try {
    const { stdout } = await run("git", args, { timeout: 60_000, maxBuffer: 256 * 1_048_576 });
    return [...new Set(stdout.split("\0"))].filter((file) => file !== "").sort();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "git failed";
    throw new Refusal("workspace-unreadable", { file: root, reason }, { cause });
  }
}

async function folderFiles(root: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
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

/** Never wanted on another machine, and large. */
const skippedFolders = new Set([".git", "node_modules", "__pycache__", ".venv", "venv", ".vscode-test"]);
