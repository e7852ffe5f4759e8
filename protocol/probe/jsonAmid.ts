/** Longest answer of a tool that is looked at. */
export const maxAnswerLength = 4 * 1024 * 1024;
const maxStarts = 64;

/** The JSON value in a tool's answer, and what stands around it. */
export interface JsonAmid {
  /** Undefined where there is none. */
  value: unknown;
  /** What the tool said besides. */
  said: string;
}

/**
 * Finds the JSON object or list in an answer that has banners before it or warnings after it. It begins at the start of a
 * line and is whole; a line that only looks like a beginning is passed over.
 */
export function jsonAmid(text: string): JsonAmid {
  const whole = text.slice(0, maxAnswerLength);
  let starts = 0;
  for (const { index } of whole.matchAll(/^[ \t]*[[{]/gm)) {
    if ((starts += 1) > maxStarts) break;
    const end = endOfValue(whole, index);
    if (end === null) continue;
    try {
      const value: unknown = JSON.parse(whole.slice(index, end));
      return { value, said: `${whole.slice(0, index)}${whole.slice(end)}`.trim() };
    } catch {
      // another line may be where it begins
    }
  }
  return { value: undefined, said: whole.trim() };
}

/** Where the brackets opened at `from` are closed again; null where they are not. */
export function endOfValue(text: string, from: number): number | null {
  let depth = 0;
  let isInString = false;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (isInString) {
      if (char === "\\") at += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === "{" || char === "[") depth += 1;
    else if ((char === "}" || char === "]") && (depth -= 1) === 0) return at + 1;
  }
  return null;
}
