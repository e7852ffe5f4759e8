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
 * Null when nothing says how. `firstLine` is the first line of the file, without its line end.
 */
export function launchOf(script: string, firstLine: string, python: string | null): Launch | null {
  const ending = /\.([A-Za-z0-9]+)$/.exec(script)?.[1]?.toLowerCase();
  const known = ending === undefined ? undefined : languages[ending];
  const isPython =
    ending === "py" || (python !== null && /^#!.*python/.test(firstLine)) || (python !== null && !known);
  if (isPython && python !== null) return { kind: "path", path: python, flags: ["-u"] };
  if (ending === "py" && known) return { kind: "named", ...known };
  const shebang = launchOfShebang(firstLine);
  if (shebang) return shebang;
  return known ? { kind: "named", ...known } : null;
}

function launchOfShebang(firstLine: string): Launch | null {
  const match = /^#![ \t]*(\S+)[ \t]*(.*?)[ \t\r]*$/.exec(firstLine);
  if (!match?.[1]) return null;
  const program = match[1];
  const rest = match[2] ?? "";
  if (!/(^|\/)env$/.test(program)) return { kind: "path", path: program, flags: rest === "" ? [] : [rest] };
  const words = rest.split(/[ \t]+/).filter((word) => word !== "");
  if (words[0] === "-S") words.shift();
  const [name, ...flags] = words;
  if (name === undefined || name.startsWith("-") || name.includes("=")) return null;
  const unbuffered = /^python[0-9.]*$/.test(name) && !flags.includes("-u") ? ["-u", ...flags] : flags;
  return { kind: "named", candidates: [name], flags: unbuffered, language: name };
}

/** The Python of a virtual environment's folder. */
export function pythonOfVenv(directory: string): string {
  return `${directory.replace(/\/+$/, "")}/bin/python`;
}
