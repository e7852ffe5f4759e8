import type { Problem } from "../../protocol/problem.ts";
import { plainWords } from "./plainWords.ts";

/** A problem as one paragraph for a notification or an input box. Hosts choose some of the words: no link gets through. */
export function problemText({ title, detail, next }: Pick<Problem, "title" | "detail" | "next">): string {
  const text = `${title}. ${detail} ${next}`.trim();
  return plainWords(text).replaceAll("](", "] (");
}
