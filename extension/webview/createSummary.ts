import type { DashboardModel } from "../core/panels/dashboardSchema.ts";
import { element, setAttribute, setText } from "./dom.ts";

/** The fleet in a few figures. */
export function createSummary(): {
  root: HTMLElement;
  show(items: DashboardModel["summary"], isStale: boolean): void;
} {
  const root = element("dl", { class: "summary" });
  return {
    root,
    show(items, isStale) {
      setAttribute(root, "data-stale", isStale ? "" : null);
      while (root.children.length > items.length) root.lastElementChild?.remove();
      while (root.children.length < items.length)
        root.append(element("div", {}, element("dt"), element("dd", {}, element("b"), element("small"))));
      items.forEach(({ label, text, note }, at) => {
        const group = root.children[at];
        const put = (selector: string, value: string): void => {
          const target = group?.querySelector(selector);
          if (target) setText(target, value);
        };
        put("dt", label);
        put("b", text);
        put("small", note === "" ? "" : ` ${note}`);
      });
    },
  };
}
