import type { JobSpec } from "./job.ts";

/** How a script is started: see `jobSpecSchema.launch`. */
export type Launch = JobSpec["launch"];

interface Language {
  language: string;
  candidates: string[];
  flags: string[];
}

const languages: Record<string, Language> = {
  py: { language: "Python", candidates: ["python3", "python"], flags: ["-u"] },
  sh: { language: "shell", candidates: ["sh"], flags: [] },
  bash: { language: "bash", candidates: ["bash"], flags: [] },
  js: { language: "JavaScript", candidates: ["node", "nodejs"], flags: [] },
  mjs: { language: "JavaScript", candidates: ["node", "nodejs"], flags: [] },
  cjs: { language: "JavaScript", candidates: ["node", "nodejs"], flags: [] },
  pl: { language: "Perl", candidates: ["perl"], flags: [] },
  rb: { language: "Ruby", candidates: ["ruby"], flags: [] },
  r: { language: "R", candidates: ["Rscript"], flags: [] },
  jl: { language: "Julia", candidates: ["julia"], flags: [] },
  lua: { language: "Lua", candidates: ["lua"], flags: [] },
};

/**
 * What starts a script: Python by its ending (so that a venv can stand in), then the `#!` line, then the other endings.
 * A named Python also runs what nothing else says how to run. Null when nothing says how. `firstLine` is the first line
 * of the file, without its line end.
 */
export function launchOf(script: string, firstLine: string, python: string | null): Launch | null {
  const ending = /\.([A-Za-z0-9]+)$/.exec(script)?.[1]?.toLowerCase();
  const known = ending === undefined ? undefined : languages[ending];
  const chosen: Launch | null = python === null ? null : { kind: "path", path: python, flags: ["-u"] };
  if (ending === "py" && known) return chosen ?? { kind: "named", ...known };
  const shebang = launchOfShebang(firstLine);
  if (shebang) return chosen !== null && /^#!.*python/.test(firstLine) ? chosen : shebang;
  return known ? { kind: "named", ...known } : chosen;
}

function launchOfShebang(firstLine: string): Launch | null {
  const match = /^#![ \t]*(\S+)[ \t]*(.*?)[ \t\r]*$/.exec(firstLine);
  if (!match?.[1]) return null;
  const program = match[1];
  const rest = match[2] ?? "";
  if (!/(^|\/)env$/.test(program))
    return { kind: "path", path: program, flags: flagsFor(program, rest === "" ? [] : [rest]) };
  const words = rest.replace(/^(-S|--split-string=)[ \t]*/, "").split(/[ \t]+/);
  const [name = "", ...flags] = words.filter((word) => word !== "");
  if (name === "" || name.startsWith("-") || name.includes("=")) return null;
  const language = isPython(name) ? "Python" : name;
  return { kind: "named", candidates: [name], flags: flagsFor(name, flags), language };
}

/** A Python writes at once, so that its output can be watched. */
function flagsFor(program: string, flags: string[]): string[] {
  return isPython(program) && !flags.includes("-u") ? ["-u", ...flags] : flags;
}

function isPython(program: string): boolean {
  return /^python[0-9.]*$/.test(program.replace(/^.*\//, ""));
}

/** The Python of a virtual environment's folder. */
export function pythonOfVenv(directory: string): string {
  return `${directory.replace(/\/+$/, "")}/bin/python`;
}
