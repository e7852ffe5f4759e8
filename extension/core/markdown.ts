/** Text as Markdown that shows exactly this text, without links, also inside a table. Hosts choose many of the texts we show. */
export function markdownText(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~&$]|:(?=\/\/)/g, "\\$&").replace(/\s*[\r\n]+\s*/g, " ");
}

/** A two-column table without a visible head; keys and values are texts. */
export function markdownTable(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([key, value]) => `| ${markdownText(key)} | ${markdownText(value)} |`);
  return ["| | |", "|:--|:--|", ...lines].join("\n");
}
