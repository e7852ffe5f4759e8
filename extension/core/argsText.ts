import { join, split } from "shlex";
import { words } from "./words/words.ts";

/** The arguments that a person typed, or why they are none. */
export type ParsedArgs = { kind: "args"; args: string[] } | { kind: "unclear"; reason: string };

/** Splits a line as a shell would: quotes keep words together, a backslash keeps one character; nothing is expanded. */
export function parseArgs(text: string): ParsedArgs {
  try {
    return { kind: "args", args: split(text) };
  } catch {
    return { kind: "unclear", reason: words.dispatch.argsUnclear };
  }
}

/** The line that `parseArgs` reads as these arguments. */
export function argsText(args: readonly string[]): string {
  return join(args);
}
