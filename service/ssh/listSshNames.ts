import { globSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import SSHConfig from "ssh-config";

/** A name that somebody's ~/.ssh/config knows. */
export interface SshName {
  name: string;
  /** Address it stands for, where the same section says so; only a hint, `ssh -G` decides. */
  hostName: string | null;
  user: string | null;
}

const mostFiles = 64;
const mostBytes = 1_048_576;
const mostDepth = 8;

/**
 * The names in an ssh_config and the files it includes, in their order, without patterns. Lists only: nothing is resolved
 * and no `Match exec` is run. A file that is missing or cannot be read or parsed has no names.
 */
export function listSshNames(file: string, homeFolder: string): SshName[] {
  const seen = new Set<string>();
  const found = new Map<string, SshName>();

  function read(path: string, depth: number): void {
    if (seen.has(path) || seen.size >= mostFiles || depth > mostDepth) return;
    seen.add(path);
    for (const line of linesOf(path)) visit(line, depth);
  }

  function visit(line: ReturnType<typeof linesOf>[number], depth: number): void {
    if (line.type !== SSHConfig.DIRECTIVE) return;
    const param = line.param.toLowerCase();
    if (param === "include")
      for (const pattern of wordsOf(line)) included(pattern).forEach((path) => read(path, depth + 1));
    if (!("config" in line)) return;
    if (param === "host")
      for (const name of wordsOf(line)) if (isPlainName(name) && !found.has(name)) take(name, line.config);
    for (const inner of line.config) visit(inner, depth);
  }

  function take(name: string, section: SSHConfig): void {
    const value = (param: string): string | null => {
      const line = section.find(
        (one) => one.type === SSHConfig.DIRECTIVE && one.param.toLowerCase() === param,
      );
      return line?.type === SSHConfig.DIRECTIVE ? (wordsOf(line)[0] ?? null) : null;
    };
    found.set(name, { name, hostName: value("hostname"), user: value("user") });
  }

  function included(pattern: string): string[] {
    // ssh_config(5): `~` is the home folder, and a relative path lies under ~/.ssh.
    const path = pattern.replace(/^~(?=\/|$)/, homeFolder);
    const absolute = isAbsolute(path) ? path : join(homeFolder, ".ssh", path);
    return globSync(absolute).sort();
  }

  read(file, 0);
  return [...found.values()];
}

function linesOf(path: string) {
  try {
    if (!statSync(path).isFile() || statSync(path).size > mostBytes) return [];
    return [...SSHConfig.parse(readFileSync(path, "utf8"))];
  } catch {
    return []; // not there, not ours to read, or not an ssh_config: there are no names in it
  }
}

/** Several words come as a list; text is one word, which quotes may have held together. */
function wordsOf({ value }: { value: string | { val: string }[] }): string[] {
  return typeof value === "string" ? [value] : value.map(({ val }) => val);
}

/** What can be given to `ssh` as a host; patterns and what looks like an option cannot. */
function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.:@%-]*$/.test(name);
}
