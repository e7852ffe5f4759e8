import { mixed, themeColour } from "./themeColours.ts";

/** A row as it is painted: a figure a column, null where nothing was read; nothing at all while that is not known. */
export type HeatRow = readonly (number | null)[] | null;

/** How a heat map is laid out, in pixels of the page. */
export interface HeatLayout {
  width: number;
  rowPx: number;
  columns: number;
}

/** Between two rows, so that they can be told apart. */
const rowGapPx = 2;
/** What of the colour is left at 0 %: an idle GPU is not the same as none. */
const faintest = 20;

/** The colour of a utilisation in percent. */
export function heatColour(pct: number): string {
  const base = themeColour("--vscode-charts-blue") || "gray";
  const background = themeColour("--vscode-editor-background") || "white";
  const share = faintest + ((100 - faintest) * Math.min(100, Math.max(0, pct))) / 100;
  return mixed(base, share, background);
}

/** Paints rows one below the other. What was not read is hatched. `at`: the cell that is pointed at. */
export function paintHeat(
  canvas: HTMLCanvasElement,
  rows: readonly HeatRow[],
  { width, rowPx, columns }: HeatLayout,
  at: { row: number; column: number } | null,
): void {
  const scale = window.devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(rows.length * rowPx * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${rows.length * rowPx}px`;
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.scale(scale, scale);
  const hatch = hatching(context);
  const colours = new Map<number, string>();
  const left = (column: number): number => Math.round((column * width) / columns);
  for (const [row, figures] of rows.entries())
    for (const [column, pct] of (figures ?? []).entries()) {
      if (pct !== null && !colours.has(pct)) colours.set(pct, heatColour(pct));
      context.fillStyle = (pct === null ? hatch : colours.get(pct)) ?? "transparent";
      context.fillRect(left(column), row * rowPx, left(column + 1) - left(column), rowPx - rowGapPx);
    }
  if (at === null) return;
  context.strokeStyle = themeColour("--vscode-focusBorder") || themeColour("--vscode-foreground");
  context.lineWidth = 2;
  const cellPx = left(at.column + 1) - left(at.column);
  context.strokeRect(left(at.column), at.row * rowPx, cellPx, rowPx - rowGapPx);
}

/** Lines across, in the text's colour. */
export function hatching(context: CanvasRenderingContext2D): CanvasPattern | null {
  const tile = document.createElement("canvas");
  tile.width = 6;
  tile.height = 6;
  const pen = tile.getContext("2d");
  if (pen === null) return null;
  pen.strokeStyle = mixed(themeColour("--vscode-foreground") || "gray", 38, "transparent");
  pen.beginPath();
  for (const shift of [-6, 0, 6]) {
    pen.moveTo(shift, 6);
    pen.lineTo(shift + 6, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
