import { chartMinutes, type ChartMinutes } from "../core/panels/hostSchema.ts";
import { element, setAttribute, setText } from "./dom.ts";

/** What the charts' tools do. */
export interface ToolbarNeeds {
  onMinutes: (minutes: ChartMinutes) => void;
  onPause: () => void;
  onResetZoom: () => void;
}

/** How the charts stand. */
export interface ToolbarState {
  minutes: ChartMinutes;
  isPaused: boolean;
  isZoomed: boolean;
  /** Time of the newest reading shown, as a clock shows it; null when there is none. */
  shownUntil: string | null;
}

/** The charts' tools: how many minutes, pause, the whole span again. */
export function createToolbar(needs: ToolbarNeeds): { root: HTMLElement; show(state: ToolbarState): void } {
  const spans = element("fieldset", { class: "spans" }, element("legend", { class: "hidden" }, "Span"));
  const radios = chartMinutes.map((minutes) => {
    const radio = element("input", { type: "radio", name: "span", id: `span-${minutes}` });
    radio.addEventListener("change", () => needs.onMinutes(minutes));
    spans.append(radio, element("label", { for: radio.id }, `${minutes} min`));
    return { minutes, radio };
  });
  const pause = element("button", { type: "button", class: "action" }, "Pause");
  pause.addEventListener("click", needs.onPause);
  const reset = element("button", { type: "button", class: "action" }, "Reset Zoom");
  reset.addEventListener("click", needs.onResetZoom);
  const note = element("span", { class: "muted", role: "status" });
  const keys = "Drag over a chart to zoom, double-click to reset. By key: arrows, +, −, Escape.";
  const help = element("span", { class: "muted help" }, keys);
  return {
    root: element(
      "div",
      { class: "toolbar", role: "group", "aria-label": "Charts" },
      spans,
      pause,
      reset,
      note,
      help,
    ),
    show({ minutes, isPaused, isZoomed, shownUntil }) {
      for (const one of radios) one.radio.checked = one.minutes === minutes;
      setText(pause, isPaused ? "Resume" : "Pause");
      setAttribute(reset, "disabled", isZoomed ? null : "");
      const why = isZoomed ? "Zoomed in" : "Paused";
      setText(
        note,
        (isPaused || isZoomed) && shownUntil !== null ? `${why}; readings until ${shownUntil}` : "",
      );
    },
  };
}
