import { chartMinutes, type ChartMinutes, type HostPanelModel } from "../core/panels/hostSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { createRadios } from "./createRadios.ts";
import { element, setAttribute, setText } from "./dom.ts";

const words = panelWords.tools;

/** What the charts' tools do. */
export interface ToolbarNeeds {
  onMinutes: (minutes: ChartMinutes) => void;
  onPause: () => void;
  onResetZoom: () => void;
  onRetry: () => void;
  onSave: (kind: "csv" | "png") => void;
}

/** How the charts stand. */
export interface ToolbarState {
  minutes: ChartMinutes;
  isPaused: boolean;
  isZoomed: boolean;
  /** Time of the newest reading shown, as a clock shows it; null when there is none. */
  shownUntil: string | null;
  /** Of a longer span; null while the charts are live. */
  past: HostPanelModel["past"];
  /** Whether there is anything to save. */
  canSave: boolean;
}

/** The charts' tools: how many minutes, pause, the whole span again. */
export function createToolbar(needs: ToolbarNeeds): { root: HTMLElement; show(state: ToolbarState): void } {
  const options = chartMinutes.map((minutes) => ({ value: minutes, label: words.spans[minutes] }));
  const spans = createRadios({ legend: words.span, name: "span" }, options, needs.onMinutes);
  const pause = element("button", { type: "button", class: "action" }, words.pause);
  pause.addEventListener("click", needs.onPause);
  const reset = element("button", { type: "button", class: "action" }, words.resetZoom);
  reset.addEventListener("click", needs.onResetZoom);
  const saves = (["csv", "png"] as const).map((kind) => {
    const button = element("button", { type: "button", class: "action" }, words.save[kind]);
    button.addEventListener("click", () => needs.onSave(kind));
    return button;
  });
  const note = element("span", { class: "muted", role: "status" });
  const retry = element("button", { type: "button", class: "action" }, words.retry);
  retry.addEventListener("click", needs.onRetry);
  const help = element("span", { class: "muted help" }, words.help);
  return {
    root: element(
      "div",
      { class: "toolbar", role: "group", "aria-label": panelWords.charts.label },
      spans.root,
      pause,
      reset,
      ...saves,
      note,
      retry,
      help,
    ),
    show({ minutes, isPaused, isZoomed, shownUntil, past, canSave }) {
      spans.show(minutes);
      setText(pause, isPaused ? words.resume : words.pause);
      setAttribute(reset, "disabled", isZoomed ? null : "");
      const why = isZoomed ? words.zoomed : words.paused;
      const held = (isPaused || isZoomed) && shownUntil !== null ? why(shownUntil) : "";
      setText(note, past === null || past.state === "read" ? held : words.states[past.state]);
      for (const button of saves) setAttribute(button, "disabled", canSave ? null : "");
      retry.hidden = past?.state !== "failed";
    },
  };
}
