import { element, setAttribute } from "./dom.ts";

/** A bar from 0 to 100 percent; without a figure there is none. The text beside it says the same. */
export function createBar(): { root: HTMLElement; show(pct: number | null): void } {
  const fill = element("span");
  const root = element("span", { class: "bar", "aria-hidden": "true" }, fill);
  let drawn = "";
  return {
    root,
    show(pct) {
      setAttribute(root, "data-missing", pct === null ? "" : null);
      const width = `${Math.round(Math.min(100, Math.max(0, pct ?? 0)))}%`;
      if (width === drawn) return;
      drawn = width;
      fill.style.setProperty("width", width);
    },
  };
}
