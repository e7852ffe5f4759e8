import type { HostId } from "../../protocol/ids.ts";
import {
  dashboardColumns,
  type DashboardColumn,
  type DashboardRow,
  type DashboardState,
} from "../core/panels/dashboardSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { createDashboardRow, type DashboardRowView } from "./createDashboardRow.ts";
import { createInSight } from "./createInSight.ts";
import { arrangeChildren, element, keepingFocus, setAttribute, setText } from "./dom.ts";

const { columns: titles, caption: captionText } = panelWords.dashboard;

/** What the table tells. */
export interface DashboardTableNeeds {
  onSort: (column: DashboardColumn) => void;
  onOpenHost: (hostId: HostId) => void;
  onInSight: (hostIds: HostId[]) => void;
}

/** The table of GPUs. Its rows are kept and changed in place, however often it is shown anew. */
export function createDashboardTable(needs: DashboardTableNeeds): {
  root: HTMLElement;
  show(rows: readonly DashboardRow[], sort: DashboardState["sort"], whenEmpty: string): void;
} {
  const views = new Map<string, DashboardRowView>();
  const heads = new Map(dashboardColumns.map((column) => [column, head(column, needs.onSort)]));
  // Narrow pages lay rows out as cards, which would take their roles from them: they are said.
  const headRow = element("tr", { role: "row" }, ...heads.values());
  const body = element("tbody", { role: "rowgroup" });
  const caption = element("caption", { class: "hidden" }, captionText);
  const table = element("table", { role: "table" }, caption);
  table.append(element("thead", { role: "rowgroup" }, headRow), body);
  const empty = element("p", { class: "empty", role: "status" });
  const inSight = createInSight(needs.onInSight);

  return {
    root: element("div", { class: "fleet" }, table, empty),
    show(rows, sort, whenEmpty) {
      for (const [column, cell] of heads) {
        const direction = sort.isDescending ? "descending" : "ascending";
        setAttribute(cell, "aria-sort", column === sort.column ? direction : null);
      }
      setText(empty, rows.length === 0 ? whenEmpty : "");
      const shown = rows.map((row, index) => {
        const view = views.get(row.id) ?? createDashboardRow(titles, row.hostId, needs.onOpenHost);
        views.set(row.id, view);
        view.show(row);
        // What is the host's alone is said once where its rows stand together.
        setAttribute(view.root, "data-same-host", rows[index - 1]?.hostId === row.hostId ? "" : null);
        return view.root;
      });
      keepingFocus(() => arrangeChildren(body, shown));
      const ids = new Set(rows.map(({ id }) => id));
      for (const id of views.keys()) if (!ids.has(id)) views.delete(id);
      inSight.watch(shown);
    },
  };
}

function head(column: DashboardColumn, onSort: (column: DashboardColumn) => void): HTMLElement {
  const button = element("button", { type: "button" }, titles[column]);
  button.addEventListener("click", () => onSort(column));
  return element("th", { scope: "col", role: "columnheader", class: column }, button);
}
