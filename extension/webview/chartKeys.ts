import uPlot from "uplot";
import { syncKey, type ChartFrame } from "./createChart.ts";

/** What part of the span is left when a key zooms in. */
const zoomStep = 0.5;

/** The keys of a chart: arrows move the cursor, + and - zoom about it, Escape shows everything again. */
export function chartKeys(
  u: uPlot,
  frame: ChartFrame,
  textAt: (at: number) => string,
): (event: KeyboardEvent) => void {
  function move(by: number): void {
    const times = Array.from(u.data[0]);
    if (times.length === 0) return;
    const { fromS, toS } = frame.span();
    const inSpan = times.flatMap((seconds, at) => (seconds >= fromS && seconds <= toS ? [at] : []));
    const here = inSpan.indexOf(u.cursor.idx ?? -1);
    const at =
      here === -1 ? inSpan.at(by > 0 ? 0 : -1) : inSpan[Math.min(inSpan.length - 1, Math.max(0, here + by))];
    if (at === undefined) return;
    const left = u.valToPos(times[at] ?? 0, "x");
    u.setCursor({ left, top: 0 });
    uPlot.sync(syncKey).pub("mousemove", u, left, 0, u.over.clientWidth, u.over.clientHeight, at);
    frame.onSay(textAt(at));
  }

  function zoom(factor: number): void {
    const { fromS, toS } = frame.span();
    const at = u.cursor.idx;
    const middle = (typeof at === "number" ? u.data[0][at] : undefined) ?? (fromS + toS) / 2;
    const half = (factor * (toS - fromS)) / 2;
    frame.onZoom({ fromS: middle - half, toS: middle + half });
  }

  const actions: Record<string, () => void> = {
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    "+": () => zoom(zoomStep),
    "=": () => zoom(zoomStep),
    "-": () => zoom(1 / zoomStep),
    Escape: () => frame.onZoom(null),
  };
  return (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
}
