import { commands } from "vscode";
import { problemOfError, Refusal, RemoteProblem, type Problem } from "../../protocol/problem.ts";
import { commandIds } from "../core/commandIds.ts";
import { problemText } from "../core/problemText.ts";
import { words } from "../core/words/words.ts";
import { fail } from "./notices.ts";

/** The problem document of anything thrown; what is no refusal keeps its own words. */
export function problemIn(error: unknown): Problem {
  if (error instanceof Refusal || error instanceof RemoteProblem) return problemOfError(error);
  const detail = error instanceof Error ? error.message : String(error);
  return { ...problemOfError(error), title: words.failed, detail, next: "" };
}

/**
 * Shows what went wrong with what to do next; answers with the button that was pressed. Without buttons the editor would
 * cut the text after a line: then it has one that shows the extension's output.
 */
export async function showProblem<B extends string>(
  problem: Problem,
  ...buttons: B[]
): Promise<B | undefined> {
  if (buttons.length > 0) return fail(problemText(problem), ...buttons);
  const answer = await fail(problemText(problem), words.showOutput);
  if (answer !== undefined) await commands.executeCommand(commandIds.showOutput);
  return undefined;
}
