import type { HostId } from "../../protocol/ids.ts";
import { arrangeRows } from "../core/panels/arrangeRows.ts";
import {
  dashboardModelSchema,
  dashboardStateSchema,
  type DashboardMessage,
  type DashboardModel,
  type DashboardState,
} from "../core/panels/dashboardSchema.ts";
import { heatHours } from "../core/panels/heatSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { createBanner } from "./createBanner.ts";
import { createDashboardTable } from "./createDashboardTable.ts";
import { createHeatMap } from "./createHeatMap.ts";
import { createRadios } from "./createRadios.ts";
import { createSummary } from "./createSummary.ts";
import { byId, element, setAttribute, setText } from "./dom.ts";
import { keepScroll } from "./keepScroll.ts";
import { openPage } from "./openPage.ts";

const words = panelWords.dashboard;
let model: DashboardModel | null = null;

const page = openPage<DashboardModel, DashboardMessage, DashboardState>({
  modelSchema: dashboardModelSchema,
  stateSchema: dashboardStateSchema,
  freshState: { sort: { column: "host", isDescending: false }, filter: "", heat: null, scrollTop: 0 },
  draw(next) {
    model = next;
    draw();
  },
});

const banner = createBanner((message) => page.say(message));
const summary = createSummary();
const filter = element("input", {
  type: "search",
  id: "filter",
  placeholder: words.filterFor,
});
const count = element("output", { for: "filter", class: "count" });
const table = createDashboardTable({
  onSort(column) {
    const { sort } = page.state;
    const isDescending = sort.column === column ? !sort.isDescending : false;
    page.keep({ sort: { column, isDescending } });
    draw();
  },
  onOpenHost: (hostId) => page.say({ kind: "open-host", hostId }),
  onInSight: (hostIds) => tellInSight(false, hostIds),
});
const heatMap = createHeatMap({
  onOpenHost: (hostId) => page.say({ kind: "open-host", hostId }),
  onInSight: (hostIds) => tellInSight(true, hostIds),
});
const views = createRadios(
  { legend: panelWords.heat.choose, name: "view" },
  [null, ...heatHours].map((hours) => ({ value: hours, label: panelWords.heat.spans[hours ?? 0] })),
  (heat) => {
    page.keep({ heat, scrollTop: 0 });
    page.say({ kind: "heat", hours: heat });
    draw();
    window.scrollTo({ top: 0, behavior: "instant" });
  },
);

filter.value = page.state.filter;
filter.addEventListener("input", () => {
  page.keep({ filter: filter.value });
  draw();
});
byId("page").append(
  element("header", {}, element("h1", {}, words.title), summary.root),
  banner.root,
  element(
    "div",
    { class: "tools", role: "search" },
    element("label", { for: "filter", class: "hidden" }, words.filter),
    filter,
    count,
    views.root,
  ),
  table.root,
  heatMap.root,
);
setAttribute(byId("page"), "data-empty", "");
const scroll = keepScroll(page);
page.keep({});
page.say({ kind: "heat", hours: page.state.heat });
page.start();

let inSight = "";
/** Of the two only the one that is shown has rows in sight. */
function tellInSight(isOfHeat: boolean, hostIds: HostId[]): void {
  if (isOfHeat !== (page.state.heat !== null) || hostIds.join() === inSight) return;
  inSight = hostIds.join();
  page.say({ kind: "in-sight", hostIds });
}

function draw(): void {
  if (model === null) return;
  banner.show(model.banner);
  summary.show(model.summary, model.isStale);
  const rows = arrangeRows(model.rows, page.state);
  const isFiltered = page.state.filter.trim() !== "";
  setText(count, isFiltered ? words.rows(rows.length, model.rows.length) : "");
  setAttribute(byId("page"), "data-empty", model.rows.length === 0 ? "" : null);
  const { heat } = page.state;
  views.show(heat);
  table.root.hidden = heat !== null;
  // Until the extension has heard of another span its model is of the one before.
  if (heat === null) {
    heatMap.hide();
    table.show(rows, page.state.sort, isFiltered ? words.nothingFits : "");
  } else if (model.heat?.hours === heat) heatMap.show(rows, model.heat);
  if (model.rows.length > 0) scroll.restore();
}
