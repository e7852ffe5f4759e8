import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import SSHConfig, { LineType, type Line } from "ssh-config";

const maxDepth = 8;

/** Names that an ssh_config gives hosts, for pickers: no patterns, no negations, in order of appearance. Reads only. */
export async function listSshConfigHosts(configFile: string, home: string): Promise<string[]> {
  const names = await namesIn(configFile, home, 0);
  return [...new Set(names)];
}

async function namesIn(file: string, home: string, depth: number): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null || depth > maxDepth) return [];
  const names: string[] = [];
  for (const line of linesOf(text)) {
    if (line.type !== LineType.DIRECTIVE) continue;
    const values = wordsOf(line);
    const param = line.param.toLowerCase();
    if (param === "host") names.push(...values.filter((name) => !/[*?!]/.test(name)));
    const inner: readonly Line[] = "config" in line ? line.config : [];
    const included = param === "include" ? values : inner.flatMap(includesOf);
    for (const pattern of included) {
      for (const found of await matches(pattern, home))
        names.push(...(await namesIn(found, home, depth + 1)));
    }
  }
  return names;
}

/** Only parsed, never computed: computing could run the commands of `Match exec`. */
function linesOf(text: string): readonly Line[] {
  try {
    return SSHConfig.parse(text);
  } catch {
    return [];
  }
}

function includesOf(line: Line): string[] {
  return line.type === LineType.DIRECTIVE && line.param.toLowerCase() === "include" ? wordsOf(line) : [];
}

function wordsOf({ value, quoted }: { value: unknown; quoted?: boolean }): string[] {
  if (Array.isArray(value)) return (value as { val: string }[]).map((word) => word.val);
  if (typeof value !== "string") return [];
  return quoted === true ? [value] : value.split(/\s+/).filter((word) => word !== "");
}

/** Files of an Include pattern: relative ones lie under `~/.ssh`; wildcards in the last part only. */
async function matches(pattern: string, home: string): Promise<string[]> {
  const homed = pattern.replace(/^~(?=\/)/, home);
  const full = path.isAbsolute(homed) ? homed : path.join(home, ".ssh", homed);
  const last = path.basename(full);
  if (!/[*?]/.test(last)) return [full];
  const source = last
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  const entries = await readdir(path.dirname(full)).catch(() => []);
  const fitting = entries.filter((name) => new RegExp(`^${source}$`).test(name) && !name.startsWith("."));
  return fitting.sort().map((name) => path.join(path.dirname(full), name));
}
