import { arrangeChildren, element, keepingFocus } from "./dom.ts";

/** A row that is kept and changed in place, so that nothing in it loses the focus. */
export interface RowView<T> {
  readonly root: HTMLElement;
  show(row: T): void;
}

/** A table of few rows, kept by what they are of. Narrow pages lay them out as cards: their roles are said. */
export function createRows<T>(
  caption: string,
  columns: readonly { key: string; title: string }[],
  keyOf: (row: T) => string,
  create: () => RowView<T>,
): { root: HTMLElement; show(rows: readonly T[]): void } {
  const heads = columns.map(({ key, title }) =>
    element("th", { scope: "col", role: "columnheader", class: key }, title),
  );
  const body = element("tbody", { role: "rowgroup" });
  const root = element(
    "table",
    { role: "table" },
    element("caption", { class: "hidden" }, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...heads)),
    body,
  );
  const views = new Map<string, RowView<T>>();
  return {
    root,
    show(rows) {
      const shown = rows.map((row) => {
        const view = views.get(keyOf(row)) ?? create();
        views.set(keyOf(row), view);
        view.show(row);
        return view.root;
      });
      keepingFocus(() => arrangeChildren(body, shown));
      const keys = new Set(rows.map(keyOf));
      for (const key of views.keys()) if (!keys.has(key)) views.delete(key);
    },
  };
}

/** A cell of such a table; `title` stands before it in a card. */
export function rowCell(key: string, title: string, ...children: (Node | string)[]): HTMLElement {
  return element("td", { class: key, role: "cell", "data-title": title }, ...children);
}
