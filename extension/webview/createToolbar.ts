import { chartMinutes, type ChartMinutes } from "../core/panels/hostSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { element, setAttribute, setText } from "./dom.ts";

const words = panelWords.tools;

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
  const spans = element("fieldset", { class: "spans" }, element("legend", { class: "hidden" }, words.span));
  const radios = chartMinutes.map((minutes) => {
    const radio = element("input", { type: "radio", name: "span", id: `span-${minutes}` });
    radio.addEventListener("change", () => needs.onMinutes(minutes));
    spans.append(radio, element("label", { for: radio.id }, words.minutes(minutes)));
    return { minutes, radio };
  });
  const pause = element("button", { type: "button", class: "action" }, words.pause);
  pause.addEventListener("click", needs.onPause);
  const reset = element("button", { type: "button", class: "action" }, words.resetZoom);
  reset.addEventListener("click", needs.onResetZoom);
  const note = element("span", { class: "muted", role: "status" });
  const help = element("span", { class: "muted help" }, words.help);
  return {
    root: element(
      "div",
      { class: "toolbar", role: "group", "aria-label": panelWords.charts.label },
      spans,
      pause,
      reset,
      note,
      help,
    ),
    show({ minutes, isPaused, isZoomed, shownUntil }) {
      for (const one of radios) one.radio.checked = one.minutes === minutes;
      setText(pause, isPaused ? words.resume : words.pause);
      setAttribute(reset, "disabled", isZoomed ? null : "");
      const why = isZoomed ? words.zoomed : words.paused;
      setText(note, (isPaused || isZoomed) && shownUntil !== null ? why(shownUntil) : "");
    },
  };
}
