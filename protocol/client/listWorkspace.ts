import { execFile } from "node:child_process";
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
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
 * The workspace of a script: its git work tree's tracked and untracked-not-ignored files; without git, the script's folder
 * (of the home folder without its hidden entries). With `directory`, that folder (git still decides what in it is
 * ignored). Throws `workspace-unreadable`.
 */
export async function listWorkspace(scriptDirectory: string, directory?: string): Promise<Workspace> {
  const top = await gitTop(directory ?? scriptDirectory);
  const root = directory ?? top ?? scriptDirectory;
  if (top !== null) return { root, files: await gitFiles(root), source: "git" };
  return { root, files: await folderFiles(root), source: "folder" };
}

/** Null where there is no git or no work tree. Any other failure is told: what git ignores must not be sent instead. */
async function gitTop(directory: string): Promise<string | null> {
  try {
    const stdout = await git(directory, ["rev-parse", "--show-toplevel"]);
    const top = stdout.replace(/\r?\n$/, "");
    return top === "" ? null : top.split("/").join(sep);
  } catch (cause) {
    const { code, stderr = "" } = cause as { code?: unknown; stderr?: string };
    if (code === "ENOENT" || /not a git repository|must be run in a work tree/.test(stderr)) return null;
    throw gitRefusal(directory, cause);
  }
}

async function gitFiles(root: string): Promise<string[]> {
  try {
    const stdout = await git(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    return [...new Set(stdout.split("\0"))].filter((file) => file !== "").sort();
  } catch (cause) {
    throw gitRefusal(root, cause);
  }
}

/** Runs git on a folder: not on the repository the environment names, and without the program a repository may name. */
async function git(directory: string, args: string[]): Promise<string> {
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: "C" };
  for (const name of ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"])
    Reflect.deleteProperty(env, name);
  const options = { timeout: 60_000, maxBuffer: 256 * 1_048_576, env };
  const { stdout } = await run("git", ["-C", directory, "-c", "core.fsmonitor=false", ...args], options);
  return stdout;
}

function gitRefusal(file: string, cause: unknown): Refusal {
  const { stderr = "", message } = cause as { stderr?: string; message: string };
  const said = /^fatal: (.*)$/m.exec(stderr)?.[1] ?? message;
  const reason = `git failed: ${said.replace(/[.\s]+$/, "")}`;
  return new Refusal("workspace-unreadable", { file, reason }, { cause });
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

/** Never wanted on another machine, and large. */
const skippedFolders = new Set([".git", "node_modules", "__pycache__", ".venv", "venv", ".vscode-test"]);
