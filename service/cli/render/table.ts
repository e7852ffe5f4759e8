/** A column of a table for people. */
export interface Column {
  title: string;
  align?: "left" | "right";
}

// eslint-disable-next-line no-control-regex -- styles are escape sequences
const ansi = /\u001b\[[0-9;]*m/g;

/** Length of text on a terminal, without styles. */
export function visibleLength(text: string): number {
  return Array.from(text.replace(ansi, "")).length;
}

/** What a cell asks of its column: nothing where a short row ends with it, as words instead of figures do. */
function cellWidth(row: readonly string[], at: number, columnCount: number): number {
  const isLoose = at === row.length - 1 && row.length < columnCount;
  return isLoose ? 0 : visibleLength(row[at] ?? "");
}

/** Text cut to a length, with `…` for what is missing. For text without styles. */
export function shorten(text: string, length: number): string {
  const letters = Array.from(text);
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join("")}…`;
}

/**
 * Aligned columns, two blanks apart, no trailing blanks. A row may end early; its last cell then takes the room it
 * needs. Control characters in cells are shown as `?`.
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(printable));
  const widths = columns.map((column, at) =>
    Math.max(visibleLength(column.title), ...clean.map((row) => cellWidth(row, at, columns.length))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => {
        const pad = " ".repeat(Math.max(0, (widths[at] ?? 0) - visibleLength(cell)));
        return columns[at]?.align === "right" ? pad + cell : cell + pad;
      })
      .join("  ")
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...clean.map(line)].join("\n");
}

/** Text from elsewhere with its control characters made visible, styles of ours kept. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/\u001b(?!\[[0-9;]*m)|[\u0000-\u001a\u001c-\u001f\u007f-\u009f]/g, "?");
}
