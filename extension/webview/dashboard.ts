import { arrangeRows } from "../core/panels/arrangeRows.ts";
import {
  dashboardModelSchema,
  dashboardStateSchema,
  type DashboardMessage,
  type DashboardModel,
  type DashboardState,
} from "../core/panels/dashboardSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { createBanner } from "./createBanner.ts";
import { createDashboardTable } from "./createDashboardTable.ts";
import { createSummary } from "./createSummary.ts";
import { byId, element, setAttribute, setText } from "./dom.ts";
import { keepScroll } from "./keepScroll.ts";
import { openPage } from "./openPage.ts";

const words = panelWords.dashboard;
let model: DashboardModel | null = null;

const page = openPage<DashboardModel, DashboardMessage, DashboardState>({
  modelSchema: dashboardModelSchema,
  stateSchema: dashboardStateSchema,
  freshState: { sort: { column: "host", isDescending: false }, filter: "", scrollTop: 0 },
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
  onInSight: (hostIds) => page.say({ kind: "in-sight", hostIds }),
});

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
  ),
  table.root,
);
setAttribute(byId("page"), "data-empty", "");
const scroll = keepScroll(page);
page.keep({});
page.start();

function draw(): void {
  if (model === null) return;
  banner.show(model.banner);
  summary.show(model.summary, model.isStale);
  const rows = arrangeRows(model.rows, page.state);
  const isFiltered = page.state.filter.trim() !== "";
  setText(count, isFiltered ? words.rows(rows.length, model.rows.length) : "");
  setAttribute(byId("page"), "data-empty", model.rows.length === 0 ? "" : null);
  table.show(rows, page.state.sort, isFiltered ? words.nothingFits : "");
  if (model.rows.length > 0) scroll.restore();
}
