import { heatSummary } from "../core/panels/heatSummary.ts";
import type { Heat } from "../core/panels/heatSchema.ts";
import type { DashboardRow } from "../core/panels/dashboardSchema.ts";
import { formatDuration } from "../../protocol/duration.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { element, setAttribute, setText } from "./dom.ts";
import type { HeatRow } from "./heatCanvas.ts";

const words = panelWords.heat;

/** A GPU in the heat map. */
export interface HeatGpu {
  row: DashboardRow;
  /** Its columns; null while they are not known. */
  pct: HeatRow;
  state: Heat["hosts"][number]["state"];
  stepS: number;
}

/** The part of a row that is no picture: its host, its GPU, and what its columns say in words. */
export interface HeatRowView {
  readonly root: HTMLElement;
  /** What has the focus while a person moves through the columns. */
  readonly cell: HTMLElement;
  show(gpu: HeatGpu, at: { index: number; isFirstOfHost: boolean; isCurrent: boolean }): void;
}

export function createHeatRow(onOpen: () => void): HeatRowView {
  const open = element("button", { type: "button", class: "link" });
  open.addEventListener("click", onOpen);
  const host = element("span", { class: "host" }, open);
  const gpu = element("span", { class: "gpu" });
  const cell = element("div", { class: "cells", role: "gridcell" });
  const root = element(
    "div",
    { role: "row" },
    element("div", { class: "who", role: "rowheader" }, host, gpu),
    cell,
  );
  return {
    root,
    cell,
    show({ row, pct, state, stepS }, { index, isFirstOfHost, isCurrent }) {
      root.setAttribute("aria-rowindex", String(index + 1));
      setAttribute(root, "data-row", String(index));
      setAttribute(root, "data-same-host", isFirstOfHost ? null : "");
      setAttribute(root, "data-stale", row.isStale ? "" : null);
      setText(open, row.host);
      setText(gpu, row.gpu);
      setAttribute(gpu, "title", row.gpu);
      setAttribute(cell, "tabindex", isCurrent ? "0" : "-1");
      setAttribute(cell, "aria-label", inWords(pct, state, stepS));
      setText(cell, pct === null ? words.states[state] : "");
    },
  };
}

function inWords(pct: HeatRow, state: HeatGpu["state"], stepS: number): string {
  if (pct === null) return words.states[state];
  const summary = heatSummary(pct);
  if (summary === null) return words.nothing;
  const missing = summary.missing === 0 ? null : formatDuration(summary.missing * stepS * 1_000);
  return words.summary(summary, missing);
}
