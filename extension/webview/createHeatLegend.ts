import { panelWords } from "../core/words/panelWords.ts";
import { element } from "./dom.ts";
import { heatColour, hatching } from "./heatCanvas.ts";

const words = panelWords.heat;
const rampPx = { width: 90, height: 12 };
const stops = 10;

/** What the colours of the heat map mean. */
export function createHeatLegend(): { root: HTMLElement; redraw(): void } {
  const ramp = element("canvas", {
    width: String(rampPx.width),
    height: String(rampPx.height),
    "aria-hidden": "true",
  });
  const none = element("canvas", { width: "18", height: String(rampPx.height), "aria-hidden": "true" });
  const root = element("p", { class: "legend muted" }, words.least, ramp, words.most, none, words.none);

  function redraw(): void {
    const [pen, hatched] = [ramp.getContext("2d"), none.getContext("2d")];
    if (pen === null || hatched === null) return;
    const stepPx = rampPx.width / stops;
    for (let at = 0; at < stops; at += 1) {
      pen.fillStyle = heatColour((100 * at) / (stops - 1));
      pen.fillRect(at * stepPx, 0, stepPx, rampPx.height);
    }
    hatched.clearRect(0, 0, none.width, none.height);
    hatched.fillStyle = hatching(hatched) ?? "transparent";
    hatched.fillRect(0, 0, none.width, none.height);
  }
  return { root, redraw };
}
