import uPlot from "uplot";
import { axisTime } from "../core/panels/axisTime.ts";
import { axisTicks } from "../core/panels/axisTicks.ts";
import type { ChartedFigure } from "../core/panels/hostSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { chartKeys } from "./chartKeys.ts";
import type { ChartPicture } from "./hostPicture.ts";
import { element, setAttribute, setText } from "./dom.ts";
import { faint, smallFont, themeColour } from "./themeColours.ts";

const words = panelWords.charts;

/** Charts of this name share their cursor. */
export const syncKey = "host";

const heightPx = 110;
const axisPx = 52;
const shortestDragPx = 5;
/** Two lines of the axis' text nearer than this touch. */
const nearestTicksPx = 14;

/** What a chart shows: seconds and values, and the figure of now. */
export interface ChartData {
  figure: ChartedFigure;
  atS: readonly number[];
  values: readonly (number | null)[];
}

/** What all charts of a page have in common. */
export interface ChartFrame {
  /** Seconds that the charts span just now. */
  span: () => { fromS: number; toS: number };
  isZoomed: () => boolean;
  onZoom: (zoom: { fromS: number; toS: number } | null) => void;
  /** When a point of the charts is of, in words. */
  timeText: (seconds: number) => string;
  /** The same in few words; without seconds: what to say beside the figure of now, which may be nothing. */
  shortTime: (seconds: number | null) => string;
  /** Why a chart without any figure has none; null where the newest reading says it. */
  whenEmpty: () => string | null;
  /** A person moved the cursor by key: what it stands on, in words. */
  onSay: (text: string) => void;
}

/** How a chart is called and its values are written. */
export interface ChartKind {
  title: string;
  format: (value: number) => string;
  /** Beside the axis, where there is little room. */
  axisFormat: (value: number) => string;
  colour: string;
  /** Steps that the axis may have; left out: 1, 2, 2.5 and 5 times powers of ten. */
  steps?: number[];
}

/** A chart with its title and figure. The cursor moves over all charts of the page together. */
export interface Chart {
  readonly root: HTMLElement;
  show(data: ChartData, of: string): void;
  redraw(): void;
  /** The chart as it is drawn, for a picture of all. */
  picture(): ChartPicture;
  dispose(): void;
}

export function createChart(kind: ChartKind, frame: ChartFrame): Chart {
  const value = element("span", { class: "value" });
  const when = element("span", { class: "when muted" });
  const why = element("p", { class: "why" });
  const plot = element("div", { class: "plot", tabindex: "0", role: "img" });
  const head = element("div", { class: "chart-head" }, element("h3", {}, kind.title), when, value);
  const root = element("figure", { class: "chart" }, head, plot, why);
  let data: ChartData = { figure: { text: "", value: null, hint: null, top: null }, atS: [], values: [] };

  function readout(u: uPlot): void {
    const at = u.cursor.idx;
    const hovered = typeof at === "number" ? data.values[at] : undefined;
    if (hovered === undefined) setText(value, data.figure.text);
    else setText(value, hovered === null ? "–" : kind.format(hovered));
    setText(when, frame.shortTime(hovered === undefined ? null : (data.atS[at ?? 0] ?? 0)));
    setAttribute(value, "data-hovered", hovered === undefined ? null : "");
  }

  const u = new uPlot(
    options(kind, frame, () => data, readout),
    [[], []],
    plot,
  );
  const observer = new ResizeObserver(() => {
    if (plot.clientWidth > 0) u.setSize({ width: plot.clientWidth, height: heightPx });
  });
  observer.observe(plot);
  plot.addEventListener(
    "keydown",
    chartKeys(u, frame, (at) => readingText(kind, frame, data, at)),
  );
  return {
    root,
    show(next, of) {
      data = next;
      const isEmpty = data.values.every((reading) => reading === null);
      // A plot that was zoomed into nothing stays: by it a person comes back.
      const missing = frame.isZoomed() ? "zoomed" : "";
      setAttribute(root, "data-missing", isEmpty ? missing : null);
      setText(why, isEmpty ? (frame.whenEmpty() ?? data.figure.hint ?? words.noReadings) : "");
      setAttribute(plot, "aria-label", summaryText(kind, data, of));
      u.setData([[...data.atS], [...data.values]]);
      readout(u);
    },
    redraw: () => u.redraw(true, true),
    picture() {
      const isEmpty = root.hasAttribute("data-missing");
      const { title, colour } = kind;
      const legend = rangeText(kind, data, frame.span());
      return { title, colour, legend, canvas: isEmpty ? null : u.ctx.canvas, why: why.textContent };
    },
    dispose() {
      observer.disconnect();
      u.destroy();
    },
  };
}

function options(
  kind: ChartKind,
  frame: ChartFrame,
  data: () => ChartData,
  readout: (u: uPlot) => void,
): uPlot.Options {
  const muted = () => themeColour("--vscode-descriptionForeground");
  const grid = { stroke: () => faint(muted()), width: 1 };
  const axis = { stroke: muted, font: smallFont(), grid, ticks: { show: false } };
  return {
    width: 240,
    height: heightPx,
    padding: [6, 16, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, range: () => [frame.span().fromS, frame.span().toS] },
      y: { range: (_u, _low, high) => [0, topOf(data().figure.top, high)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        space: 54,
        values: (_u, splits, _at, _space, step) => splits.map((split) => axisTime(split, step)),
      },
      {
        ...axis,
        size: axisPx,
        space: 26,
        splits: (_u, _axis, _from, end, step, stepPx) =>
          axisTicks({ end, step, top: data().figure.top, nearest: (nearestTicksPx * step) / stepPx }),
        values: (_u, splits) => splits.map(kind.axisFormat),
        ...(kind.steps ? { incrs: kind.steps } : {}),
      },
    ],
    series: [
      {},
      {
        stroke: () => themeColour(kind.colour),
        fill: () => faint(themeColour(kind.colour)),
        width: 1.5,
        // A point between two gaps has no line to be seen by.
        points: { show: true, size: 3, filter: (_u, _series, _show, gaps) => (gaps ? alone(data()) : null) },
      },
    ],
    cursor: {
      y: false,
      points: { size: 6 },
      drag: { x: true, y: false, setScale: false, dist: shortestDragPx },
      // Only the cursor is shared: each chart would else make a zoom of the same drag.
      sync: { key: syncKey, filters: { pub: (type) => !/^(mousedown|mouseup|dblclick)$/.test(type) } },
      bind: {
        dblclick: () => () => {
          frame.onZoom(null);
          return null;
        },
      },
    },
    hooks: { setCursor: [readout], setSelect: [(u) => zoomTo(u, frame)] },
  };
}

function zoomTo(u: uPlot, frame: ChartFrame): void {
  const { left, width } = u.select;
  if (width < shortestDragPx) return;
  const zoom = { fromS: u.posToVal(left, "x"), toS: u.posToVal(left + width, "x") };
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  frame.onZoom(zoom);
}

/** Where the scale ends: at the top that is known, or a little above the highest reading. */
function topOf(top: number | null, high: number | null): number {
  if (top !== null && top > 0) return Math.max(top, high ?? 0);
  return high === null || high <= 0 ? 1 : high * 1.15;
}

/** Where a figure has none before and none after it. */
function alone({ values }: ChartData): number[] {
  const isAway = (at: number): boolean => (values[at] ?? null) === null;
  return values.flatMap((_value, at) => (!isAway(at) && isAway(at - 1) && isAway(at + 1) ? [at] : []));
}

function readingText(kind: ChartKind, frame: ChartFrame, { atS, values }: ChartData, at: number): string {
  const reading = values[at];
  const text = reading === null || reading === undefined ? null : kind.format(reading);
  return words.reading(frame.timeText(atS[at] ?? 0), text);
}

/** `3 % to 97 %` of what is in a span; empty where nothing is. */
function rangeText(
  kind: ChartKind,
  { atS, values }: ChartData,
  span: { fromS: number; toS: number },
): string {
  const shown = values.filter((_, at) => (atS[at] ?? 0) >= span.fromS && (atS[at] ?? 0) <= span.toS);
  const read = shown.filter((reading) => reading !== null);
  if (read.length === 0) return "";
  return words.lowToHigh(kind.format(Math.min(...read)), kind.format(Math.max(...read)));
}

function summaryText(kind: ChartKind, { figure, values }: ChartData, of: string): string {
  const read = values.filter((reading) => reading !== null);
  const now = figure.value === null ? words.noFigure(figure.hint) : words.now(figure.text);
  const summary = words.summary(kind.title, of, now);
  if (read.length === 0) return summary;
  const [low, high] = [Math.min(...read), Math.max(...read)].map(kind.format);
  return summary + words.range(low ?? "", high ?? "");
}
