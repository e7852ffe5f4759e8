/** A sentence for places that draw no Markdown: what stood between backticks stands between quotes. */
export function plainWords(text: string): string {
  return text.replace(/`([^`]*)`/g, "“$1”");
}
