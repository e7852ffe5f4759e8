import type { Problem } from "../../../protocol/problem.ts";
import type { Style } from "../terminal.ts";
import { printable } from "./table.ts";

/** A problem for people: what happened, the facts, what to do. */
export function problemText(problem: Problem, style: Style): string {
  const lines = problem.detail.split("\n").map(printable);
  return [`${style.red(`${problem.title}.`)} ${lines.join("\n")}`, `→ ${printable(problem.next)}`].join("\n");
}
