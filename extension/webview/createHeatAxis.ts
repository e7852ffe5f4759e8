import { axisTime } from "../core/panels/axisTime.ts";
import type { Heat } from "../core/panels/heatSchema.ts";
import { arrangeChildren, element } from "./dom.ts";

const hourMs = 3_600_000;
/** Hours that may lie between two times. */
const between = [1, 2, 3, 6, 12];
/** A time that has less room could not be read. */
const leastPx = 48;

/** The times above the heat map's columns, at whole hours of the reader's own time. */
export function createHeatAxis(): { root: HTMLElement; show(heat: Heat): void } {
  const root = element("div", { class: "heat-axis", "aria-hidden": "true" });
  return {
    root,
    show({ fromMs, hours }) {
      const hourPx = root.clientWidth / hours;
      const apart = between.find((count) => count * hourPx >= leastPx) ?? hours;
      const ticks: HTMLElement[] = [];
      const first = new Date(fromMs);
      first.setMinutes(0, 0, 0);
      for (let atMs = first.getTime(); atMs < fromMs + hours * hourMs; atMs += hourMs) {
        if (atMs < fromMs || new Date(atMs).getHours() % apart !== 0) continue;
        if (((atMs - fromMs) / hourMs) * hourPx > root.clientWidth - leastPx) continue;
        const tick = element("span", {}, axisTime(atMs / 1_000, 3_600));
        tick.style.insetInlineStart = `${(100 * (atMs - fromMs)) / (hours * hourMs)}%`;
        ticks.push(tick);
      }
      arrangeChildren(root, ticks);
    },
  };
}
