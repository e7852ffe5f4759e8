import { posix } from "node:path";
import type { JobRecord } from "../../protocol/job.ts";

/** A place in a file that a line of a log names. */
export interface TraceLink {
  /** Where in the line it stands, in UTF-16 units. */
  startIndex: number;
  length: number;
  /** What it may mean, best first: paths in what was sent, with `/`. */
  paths: string[];
  /** From 1. */
  line: number;
  /** From 1; 1 when it is not said. */
  column: number;
}

/** What is needed of a job to read its log. */
export type TracedJob = Pick<JobRecord, "directory" | "script">;

/** Python's `", line 3`, a shell's `: line 3`, Perl's ` line 3`, everybody's `:3` and `:3:14`. */
const position = String.raw`(?:["']?(?:,|:)? line |["']?:)(\d{1,9})(?::(\d{1,9}))?`;
/** Without spaces, and with an ending: where nothing encloses it, more would be guessing. */
const bare = new RegExp(
  String.raw`(?<![\p{L}\p{N}_@+./~-])([\p{L}\p{N}_@+.-]+(?:/[\p{L}\p{N}_@+.-]+)*\.\p{L}\w*)${position}`,
  "gu",
);
const quoted = [`"`, `'`].map(
  (quote) => new RegExp(String.raw`(?<=${quote})([^${quote}/<>][^${quote}<>]*)(?=${quote})${position}`, "gu"),
);
/** Longer lines are data. */
const longestLine = 4_000;

/**
 * Places in what was sent that a line of the job's log names, by an absolute path below the job's folder or a relative
 * one: of the folder it ran in, or of all that was sent. Whether such a file is there is not looked at.
 */
export function traceLinks(line: string, job: TracedJob): TraceLink[] {
  if (job.directory === null || line.length > longestLine) return [];
  const ranIn = posix.dirname(job.script);
  const root = sentRoot(job.directory, ranIn);
  const found: TraceLink[] = [];
  const add = (match: RegExpMatchArray, paths: string[]): void => {
    const link = linkOf(match, paths);
    if (link.paths.length > 0 && !found.some((other) => overlap(other, link))) found.push(link);
  };
  for (const match of root === null ? [] : line.matchAll(absolute(root)))
    add(match, [isUrl(line, match) ? decoded(match[1] ?? "") : (match[1] ?? "")]);
  for (const pattern of [...quoted, bare])
    for (const match of line.matchAll(pattern)) {
      const path = match[1] ?? "";
      add(match, [posix.join(ranIn, path), path]);
    }
  return found.sort((a, b) => a.startIndex - b.startIndex);
}

/** The folder on the host that holds what was sent; null where it does not fit the script. */
function sentRoot(directory: string, ranIn: string): string | null {
  if (ranIn === ".") return directory;
  return directory.endsWith(`/${ranIn}`) ? directory.slice(0, -ranIn.length - 1) : null;
}

/** As it is, from the home folder (Julia), and as a URL writes it (Node). */
function absolute(root: string): RegExp {
  const fromHome = root.replace(/^.*(?=\/\.hwledger\/)/, "~");
  const roots = [...new Set([root, fromHome, encodeURI(root)])].map(literally).join("|");
  return new RegExp(String.raw`(?:${roots})/([^":<>]+?)${position}`, "gu");
}

function isUrl(line: string, { index = 0 }: RegExpMatchArray): boolean {
  return line.slice(0, index).endsWith("file://");
}

function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path; // not written as a URL after all
  }
}

function linkOf(match: RegExpMatchArray, paths: string[]): TraceLink {
  const inside = paths
    .map((path) => posix.normalize(path))
    .filter((path) => !/^(\/|\.{1,2}(\/|$))/.test(path));
  return {
    startIndex: match.index ?? 0,
    length: match[0].length,
    paths: [...new Set(inside)],
    line: Number(match[2]),
    column: Number(match[3] ?? 1),
  };
}

function overlap(a: TraceLink, b: TraceLink): boolean {
  return a.startIndex < b.startIndex + b.length && b.startIndex < a.startIndex + a.length;
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
