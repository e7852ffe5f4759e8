import type { HostId } from "../../protocol/ids.ts";
import type { DashboardColumn, DashboardRow } from "../core/panels/dashboardSchema.ts";
import type { Figure } from "../core/panels/panelSchema.ts";
import { createBar } from "./createBar.ts";
import { element, setAttribute, setText } from "./dom.ts";

/** One row of the dashboard's table. */
export interface DashboardRowView {
  readonly root: HTMLElement;
  show(row: DashboardRow): void;
}

/** Makes an empty row; cells are changed only where what they show changes. */
export function createDashboardRow(
  titles: Readonly<Record<DashboardColumn, string>>,
  hostId: HostId,
  onOpenHost: (hostId: HostId) => void,
): DashboardRowView {
  const open = element("button", { type: "button", class: "link" });
  open.addEventListener("click", () => onOpenHost(hostId));
  const hostNote = element("small");
  const host = cell("host", titles, open, hostNote);
  const gpu = cell("gpu", titles);
  const load = barCell("load", titles);
  const memory = barCell("memory", titles);
  const temperature = figureCell("temperature", titles);
  const power = figureCell("power", titles);
  const use = figureCell("use", titles);
  const rate = figureCell("rate", titles);
  const note = element("td", { class: "note", role: "cell", "aria-colspan": "6", colspan: "6" });
  const figures = [gpu, load.root, memory.root, temperature.root, power.root, use.root];
  const root = element("tr", { role: "row", "data-host": hostId }, host);
  let drawn = "";

  return {
    root,
    show(row) {
      const text = JSON.stringify(row);
      if (text === drawn) return;
      drawn = text;
      const cells = row.note === null ? figures : [note];
      if (root.children[1] !== cells[0]) root.replaceChildren(host, ...cells, rate.root);
      setAttribute(root, "data-stale", row.isStale ? "" : null);
      setText(open, row.host);
      setText(hostNote, row.hostNote);
      setText(gpu, row.gpu);
      setText(note, row.note?.text ?? "");
      setAttribute(note, "data-tone", row.note?.tone ?? null);
      setAttribute(use.root, "data-use", row.use.kind);
      for (const [view, figure] of [
        [load, row.load],
        [memory, row.memory],
        [temperature, row.temperature],
        [power, row.power],
        [use, row.use],
        [rate, row.rate],
      ] as const)
        view.show(figure);
    },
  };
}

function cell(
  column: DashboardColumn,
  titles: Readonly<Record<DashboardColumn, string>>,
  ...children: (Node | string)[]
): HTMLElement {
  return element("td", { class: column, role: "cell", "data-title": titles[column] }, ...children);
}

interface FigureCell {
  root: HTMLElement;
  show(figure: Figure): void;
}

function figureCell(column: DashboardColumn, titles: Readonly<Record<DashboardColumn, string>>): FigureCell {
  const text = element("span");
  // Why a figure is missing is a title for who points at it, and a text for who listens.
  const why = element("span", { class: "hidden" });
  const root = cell(column, titles, text, why);
  return {
    root,
    show(figure) {
      setText(text, figure.text);
      setAttribute(root, "title", figure.hint);
      setText(why, figure.value === null && figure.hint !== null ? ` ${figure.hint}` : "");
      setAttribute(root, "data-missing", figure.value === null ? "" : null);
    },
  };
}

function barCell(column: "load" | "memory", titles: Readonly<Record<DashboardColumn, string>>): FigureCell {
  const bar = createBar();
  const figure = figureCell(column, titles);
  figure.root.prepend(bar.root);
  return {
    root: figure.root,
    show(next) {
      bar.show(next.value);
      figure.show(next);
    },
  };
}
