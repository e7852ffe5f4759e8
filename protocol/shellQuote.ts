/**
 * One POSIX shell word that stands for exactly this text: single quotes, with `'\''` for a quote.
 * Throws on a NUL character, which no argument of a process can hold.
 */
export function shellQuote(text: string): string {
  if (text.includes("\0")) throw new RangeError("a shell word cannot hold a NUL character");
  return `'${text.replaceAll("'", "'\\''")}'`;
}
