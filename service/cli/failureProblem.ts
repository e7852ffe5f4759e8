import { CommanderError } from "commander";
import { problemOf, Refusal, RemoteProblem, type Problem } from "../../protocol/problem.ts";
import { fileReason } from "../fileReason.ts";

/** What the problem is made from besides the error. */
export interface FailureFacts {
  /** The command that failed, such as `hwledger host add`. */
  command: string;
  /** Whether a failure that nobody foresaw is told with its stack. */
  debug: boolean;
}

/** The problem of anything that made a command fail. */
export function failureProblem(error: unknown, { command, debug }: FailureFacts): Problem {
  if (error instanceof RemoteProblem) return error.problem;
  const usage = usageReason(error);
  if (usage !== null)
    return { ...problemOf("usage", { reason: usage }), next: `\`${command} --help\` shows how it goes.` };
  if (error instanceof Refusal) return problemOf(error.code, error.facts);
  return databaseProblem(error) ?? fileProblem(error) ?? unforeseen(error, debug);
}

/** What is wrong with the arguments; null where the error is of another kind. */
function usageReason(error: unknown): string | null {
  if (error instanceof CommanderError) {
    const text = error.message.replace(/^error: /, "").replace(/\n+/g, " ");
    return /[.?)]$/.test(text) ? text : `${text}.`;
  }
  if (error instanceof Refusal && error.code === "usage") return error.message;
  return null;
}

/** What keeps the service from using its database; null where the error is of another kind. */
function databaseProblem(error: unknown): Problem | null {
  const { code } = error as { code?: unknown };
  if (typeof code !== "string" || !code.startsWith("SQLITE_")) return null;
  if (code === "SQLITE_FULL") return problemOf("storage-full");
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return problemOf("storage-busy");
  const isDamaged = code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT");
  if (!isDamaged) return null;
  return {
    ...problemOf("internal", { reference: code }),
    title: "The fleet's database is damaged",
    detail: "The data folder's database is no longer one that SQLite can read.",
    next: "Put back a copy of the data folder. The jobs on the hosts are not touched by this.",
  };
}

function fileProblem(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const { code = "", path, message } = error as NodeJS.ErrnoException;
  // Some of Node's own file errors keep the path in their text alone.
  const file = path ?? /'([^']+)'$/.exec(message)?.[1];
  if (!/^E[A-Z]+$/.test(code)) return null;
  const reason = fileReason(error) ?? (file === undefined ? null : code);
  if (reason === null || (file === undefined && reason === code)) return null;
  const facts = { file: file ?? "A file", reason };
  return {
    ...problemOf("file-not-found", facts),
    title: "A file or folder cannot be used",
    next: "Correct that, or name another folder with HWLEDGER_HOME or --data.",
  };
}

function unforeseen(error: unknown, debug: boolean): Problem {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const brief = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    ...problemOf("internal", { reference: "-" }),
    title: "hwledger failed",
    detail: debug ? stack : (brief.split("\n", 1)[0] ?? ""),
    next: debug
      ? "Report it with the lines above."
      : "Run it again with HWLEDGER_DEBUG=1 and report what it says.",
  };
}
