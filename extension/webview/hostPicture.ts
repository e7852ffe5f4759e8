import { themeColour } from "./themeColours.ts";

/** A chart as it is drawn just now, for a picture of all. */
export interface ChartPicture {
  title: string;
  /** The lowest and the highest that is shown; empty without any figure. */
  legend: string;
  colour: string;
  /** Null where the chart shows no figure; `why` then says why not. */
  canvas: HTMLCanvasElement | null;
  why: string;
}

/** The charts of a part, with what stands above them. */
export interface PictureSection {
  title: string;
  charts: readonly ChartPicture[];
}

const columns = 4;
const gapPx = 20;
const edgePx = 24;
const headPx = 64;
const sectionPx = 34;
const chartHeadPx = 22;
const plotPx = 110;
const leastWidthPx = 240;
/** A browser draws no larger picture, and nobody looks at one. */
const longestPx = 16_000;

/** The charts one below the other as a PNG in base64, on the theme's background, with a title, the time and a legend. */
export function hostPicture(
  sections: readonly PictureSection[],
  { title, time }: { title: string; time: string },
): string {
  const shown = sections.flatMap(({ charts }) => charts.map(({ canvas }) => canvas?.clientWidth ?? 0));
  const chartPx = Math.max(leastWidthPx, ...shown);
  const width = 2 * edgePx + columns * chartPx + (columns - 1) * gapPx;
  const rowPx = chartHeadPx + plotPx + gapPx / 2;
  const rows = sections.map(({ charts }) => Math.ceil(charts.length / columns));
  const height = headPx + 2 * edgePx + rows.reduce((sum, count) => sum + sectionPx + count * rowPx, 0);
  const scale = Math.min(2, longestPx / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  if (context === null) return "";
  context.scale(scale, scale);
  context.fillStyle = themeColour("--vscode-editor-background");
  context.fillRect(0, 0, width, height);
  const write = createPen(context);
  write(title, edgePx, edgePx + 18, { px: 18, isBold: true });
  write(time, edgePx, edgePx + 42, { isMuted: true });
  let y = edgePx + headPx;
  for (const [at, section] of sections.entries()) {
    write(section.title, edgePx, y + 14, { px: 14, isBold: true });
    y += sectionPx;
    for (const [index, chart] of section.charts.entries()) {
      const x = edgePx + (index % columns) * (chartPx + gapPx);
      drawChart(context, write, chart, { x, y: y + Math.floor(index / columns) * rowPx, width: chartPx });
    }
    y += (rows[at] ?? 0) * rowPx;
  }
  return canvas.toDataURL("image/png").replace(/^data:image\/png;base64,/, "");
}

type Pen = (
  text: string,
  x: number,
  y: number,
  how?: { px?: number; isBold?: boolean; isMuted?: boolean; isAtEnd?: boolean; isCentred?: boolean },
) => void;

function createPen(context: CanvasRenderingContext2D): Pen {
  const family = themeColour("--vscode-font-family") || "sans-serif";
  return (text, x, y, { px = 12, isBold, isMuted, isAtEnd, isCentred } = {}) => {
    context.font = `${isBold ? "600 " : ""}${px}px ${family}`;
    context.fillStyle = themeColour(isMuted ? "--vscode-descriptionForeground" : "--vscode-foreground");
    context.textAlign = isAtEnd ? "end" : isCentred ? "center" : "start";
    context.fillText(text, x, y);
  };
}

function drawChart(
  context: CanvasRenderingContext2D,
  write: Pen,
  { title, legend, colour, canvas, why }: ChartPicture,
  { x, y, width }: { x: number; y: number; width: number },
): void {
  context.fillStyle = themeColour(colour);
  context.fillRect(x, y + 3, 10, 10);
  write(title, x + 16, y + 12);
  write(legend, x + width, y + 12, { isMuted: true, isAtEnd: true });
  const plotY = y + chartHeadPx;
  if (canvas !== null && canvas.clientWidth > 0)
    return context.drawImage(canvas, x, plotY, canvas.clientWidth, canvas.clientHeight);
  context.strokeStyle = themeColour("--vscode-descriptionForeground");
  context.setLineDash([3, 3]);
  context.strokeRect(x + 0.5, plotY + 0.5, width - 1, plotPx - 12);
  context.setLineDash([]);
  write(why, x + width / 2, plotY + plotPx / 2, { isMuted: true, isCentred: true });
}
