import type { HostId } from "../../protocol/ids.ts";
import { momentText } from "../core/clock.ts";
import type { DashboardRow } from "../core/panels/dashboardSchema.ts";
import type { Heat } from "../core/panels/heatSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { createHeatAxis } from "./createHeatAxis.ts";
import { createHeatLegend } from "./createHeatLegend.ts";
import { createHeatRow, type HeatGpu, type HeatRowView } from "./createHeatRow.ts";
import { arrangeChildren, element, keepingFocus, setAttribute, setText } from "./dom.ts";
import { heatKeys } from "./heatKeys.ts";
import { paintHeat } from "./heatCanvas.ts";
import { onThemeChange } from "./themeColours.ts";

const words = panelWords.heat;
const rowPx = 24;
/** Rows above and below those in sight that are there as well, for who tabs or scrolls on. */
const spareRows = 4;

/** What the heat map tells. */
export interface HeatMapNeeds {
  onOpenHost: (hostId: HostId) => void;
  onInSight: (hostIds: HostId[]) => void;
}

/** How busy each GPU was, column by column. Of however many rows only those in sight are in the page. */
export function createHeatMap(needs: HeatMapNeeds): {
  root: HTMLElement;
  show(rows: readonly DashboardRow[], heat: Heat): void;
  hide(): void;
} {
  const views = new Map<string, HeatRowView>();
  const canvas = element("canvas", { "aria-hidden": "true" });
  const body = element("div", { class: "heat-body", role: "grid", "aria-label": words.label });
  const rowGroup = element("div", { role: "rowgroup" });
  body.append(canvas, rowGroup);
  const axis = createHeatAxis();
  const legend = createHeatLegend();
  const readout = element("p", { class: "readout" });
  const spoken = element("p", { class: "hidden", role: "status" });
  const help = element("p", { class: "muted help" }, words.help);
  const empty = element("p", { class: "empty", role: "status" });
  const head = element(
    "div",
    { class: "heat-head" },
    element("div", { class: "heat-tools" }, legend.root, readout, help),
    axis.root,
  );
  const root = element("div", { class: "heat", hidden: "" }, head, body, empty, spoken);
  let gpus: HeatGpu[] = [];
  let heat: Heat | null = null;
  let current = 0;
  let pointed: { row: number; column: number } | null = null;

  const columns = (): number => (heat === null ? 0 : (heat.hours * 3_600) / heat.stepS);

  function inSight(): { first: number; after: number } {
    const { top } = body.getBoundingClientRect();
    const first = Math.floor(-top / rowPx) - spareRows;
    const after = Math.ceil((window.innerHeight - top) / rowPx) + spareRows;
    return { first: Math.max(0, first), after: Math.min(gpus.length, Math.max(0, after)) };
  }

  function textAt({ row, column }: { row: number; column: number }): string {
    const gpu = gpus[row];
    if (gpu === undefined || heat === null) return "";
    const atMs = heat.fromMs + column * heat.stepS * 1_000;
    const pct = gpu.pct?.[column] ?? null;
    return words.at(
      gpu.row.host,
      gpu.row.gpu,
      momentText(atMs),
      gpu.pct === null ? words.states[gpu.state] : words.pct(pct),
    );
  }

  function viewOf({ row }: HeatGpu): HeatRowView {
    const view = views.get(row.id) ?? createHeatRow(() => needs.onOpenHost(row.hostId));
    views.set(row.id, view);
    return view;
  }

  function draw(): void {
    if (heat === null) return;
    const { first, after } = inSight();
    current = Math.min(Math.max(0, gpus.length - 1), current);
    axis.show(heat);
    body.style.height = `${gpus.length * rowPx}px`;
    const shown = gpus.slice(first, after);
    const all = gpus[current];
    // The row with the focus stays in the page, wherever it is scrolled to.
    const isApart = all !== undefined && (current < first || current >= after);
    const inPage = [
      ...shown.map((gpu, at) => ({ gpu, index: first + at })),
      ...(isApart ? [{ gpu: all, index: current }] : []),
    ];
    const roots = inPage.map(({ gpu, index }) => {
      const view = viewOf(gpu);
      const isFirstOfHost = index === first || gpus[index - 1]?.row.hostId !== gpu.row.hostId;
      view.show(gpu, { index, isFirstOfHost, isCurrent: index === current });
      view.root.style.top = `${index * rowPx}px`;
      return view.root;
    });
    keepingFocus(() => arrangeChildren(rowGroup, roots));
    const ids = new Set(inPage.map(({ gpu }) => gpu.row.id));
    for (const id of views.keys()) if (!ids.has(id)) views.delete(id);
    setAttribute(body, "aria-rowcount", String(gpus.length));
    canvas.style.top = `${first * rowPx}px`;
    const width = Math.max(0, body.clientWidth - canvas.offsetLeft);
    const at = pointed === null ? null : { ...pointed, row: pointed.row - first };
    paintHeat(
      canvas,
      shown.map(({ pct }) => pct),
      { width, rowPx, columns: columns() },
      at,
    );
    setText(readout, pointed === null ? "" : textAt(pointed));
    needs.onInSight([...new Set(shown.map(({ row }) => row.hostId))]);
  }

  let isDue = false;
  function drawSoon(): void {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      draw();
    });
  }

  function point(next: typeof pointed): void {
    if (next?.row === pointed?.row && next?.column === pointed?.column) return;
    pointed = next;
    drawSoon();
  }

  body.addEventListener("pointermove", ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect();
    const row = Math.floor((clientY - body.getBoundingClientRect().top) / rowPx);
    const column = Math.floor(((clientX - box.left) * columns()) / box.width);
    point(clientX >= box.left && column < columns() && row < gpus.length ? { row, column } : null);
  });
  body.addEventListener("pointerleave", () => point(null));
  const keys = heatKeys({
    size: () => ({ rows: gpus.length, columns: columns() }),
    here: () => ({ row: current, column: pointed?.row === current ? pointed.column : null }),
    go(row, column) {
      current = row;
      pointed = { row, column };
      draw();
      const cell = gpus[row] && views.get(gpus[row].row.id)?.cell;
      cell?.focus({ preventScroll: true });
      cell?.scrollIntoView({ block: "nearest" });
      setText(spoken, textAt({ row, column }));
    },
    open() {
      const gpu = gpus[current];
      if (gpu !== undefined) needs.onOpenHost(gpu.row.hostId);
    },
  });
  body.addEventListener("keydown", keys);
  body.addEventListener("focusin", ({ target }) => {
    const row = target instanceof Element ? target.closest("[data-row]")?.getAttribute("data-row") : null;
    if (row !== null && row !== undefined) current = Number(row);
    drawSoon();
  });
  window.addEventListener("scroll", drawSoon, { passive: true });
  new ResizeObserver(drawSoon).observe(root);
  onThemeChange(() => {
    legend.redraw();
    drawSoon();
  });

  return {
    root,
    hide() {
      heat = null;
      root.hidden = true;
    },
    show(rows, next) {
      heat = next;
      root.hidden = false;
      const hosts = new Map(next.hosts.map((host) => [host.hostId, host]));
      gpus = rows
        .filter(({ note }) => note === null)
        .map((row) => {
          const host = hosts.get(row.hostId);
          const uuid = row.id.slice(row.hostId.length + 1);
          const none = host?.state === "read" ? Array.from({ length: columns() }, () => null) : null;
          const pct = host?.gpus.find((gpu) => gpu.uuid === uuid)?.pct ?? none;
          return { row, pct, state: host?.state ?? "loading", stepS: next.stepS };
        });
      setText(empty, gpus.length === 0 ? words.noGpus : "");
      legend.redraw();
      draw();
    },
  };
}
