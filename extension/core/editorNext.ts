import { fillSlots, type Problem } from "../../protocol/problem.ts";
import type { ProblemCode } from "../../protocol/problemCatalog.ts";
import { nextStepWords } from "./words/nextStepWords.ts";

const nextSteps: Partial<Record<ProblemCode, string>> = nextStepWords;

/** What a person can do about a problem in the editor. */
export function editorNext({ code, next, facts }: Pick<Problem, "code" | "next" | "facts">): string {
  const step = nextSteps[code as ProblemCode];
  return step === undefined ? next : fillSlots(step, facts ?? {});
}
