import { shellQuote } from "../../protocol/shellQuote.ts";

/** Text as one word of a shell, quoted where it needs to be. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : shellQuote(text);
}
