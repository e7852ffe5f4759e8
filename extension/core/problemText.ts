import type { Problem } from "../../protocol/problem.ts";
import { editorNext } from "./editorNext.ts";
import { plainWords } from "./plainWords.ts";

/** A problem as one paragraph for a notification or an input box, with what to do in the editor. */
export function problemText(problem: Pick<Problem, "code" | "title" | "detail" | "next" | "facts">): string {
  return noticeText(`${problem.title}. ${problem.detail} ${editorNext(problem)}`.trim());
}

/** A sentence as a notification may show it. Hosts choose some of the words: no link gets through. */
export function noticeText(text: string): string {
  return plainWords(text).replaceAll("](", "] (");
}
