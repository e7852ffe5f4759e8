import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import { promisify } from "node:util";
import { Refusal } from "../problem.ts";

const run = promisify(execFile);

/** The work tree a folder is in. Null where there is no git or no work tree. Any other failure is told: what git ignores must not be sent instead. */
export async function gitTop(directory: string): Promise<string | null> {
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

/** Whether git ignores a folder of a work tree as a whole. */
export async function gitIgnores(directory: string): Promise<boolean> {
  try {
    await git(directory, ["check-ignore", "--quiet", "."]);
    return true;
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 1) return false;
    throw gitRefusal(directory, cause);
  }
}

/**
 * What git tracks in a folder and what it neither tracks nor ignores, with the content of submodules and other work trees
 * inside. Paths relative to the folder, sorted. Throws `workspace-unreadable`.
 */
export async function gitFiles(root: string): Promise<string[]> {
  return (await filesBelow(root, "", 0)).sort();
}

const deepest = 20;

async function filesBelow(root: string, folder: string, depth: number): Promise<string[]> {
  const files = new Set<string>();
  for (const entry of await listed(join(root, folder))) {
    const path = folder + entry.path;
    if (!entry.isFolder) files.add(path);
    else if (depth < deepest && existsSync(join(root, path, ".git")))
      for (const file of await filesBelow(root, path, depth + 1)) files.add(file);
  }
  return [...files];
}

/** A tracked entry as `ls-files --stage` writes it: mode, object, stage. */
const staged = /^(\d{6}) [0-9a-f]{40,64} \d\t/;
const submoduleMode = "160000";

/** Entries of one work tree; another one inside it is a folder, with a `/` at its end. */
async function listed(root: string): Promise<{ path: string; isFolder: boolean }[]> {
  try {
    const args = ["ls-files", "-z", "--stage", "--cached", "--others", "--exclude-standard"];
    const entries = (await git(root, args)).split("\0").filter((entry) => entry !== "");
    return entries.map((entry) => {
      const [head = "", mode] = staged.exec(entry) ?? [];
      const path = entry.slice(head.length);
      if (mode === submoduleMode) return { path: `${path}/`, isFolder: true };
      return { path, isFolder: path.endsWith("/") };
    });
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
