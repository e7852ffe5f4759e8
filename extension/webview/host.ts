import { formatDuration } from "../../protocol/duration.ts";
import { clockText, exactMomentText, momentText } from "../core/clock.ts";
import { pointTime, shortPointTime } from "../core/panels/axisTime.ts";
import {
  hostPanelModelSchema,
  hostStateSchema,
  pastSpan,
  type HostMessage,
  type HostPanelModel,
  type HostState,
} from "../core/panels/hostSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { createBanner } from "./createBanner.ts";
import { createHostCharts } from "./createHostCharts.ts";
import { createHostHead } from "./createHostHead.ts";
import { createHostLists } from "./createHostLists.ts";
import { createToolbar } from "./createToolbar.ts";
import { byId, element, setAttribute, setText } from "./dom.ts";
import { hostPicture } from "./hostPicture.ts";
import { keepScroll } from "./keepScroll.ts";
import { openPage } from "./openPage.ts";

/** In longer spans the finest steps are minutes. */
const shortestZoomS = 180;
/** Live readings reach back a part of that. */
const longestZoomS = 3_600;

let newest: HostPanelModel | null = null;
const page = openPage<HostPanelModel, HostMessage, HostState>({
  modelSchema: hostPanelModelSchema,
  stateSchema: hostStateSchema,
  freshState: { host: null, minutes: 5, isPaused: false, zoom: null, scrollTop: 0 },
  draw(next) {
    newest = next;
    const { fleetId, hostId } = next;
    if (page.state.host === null) page.keep({ host: { fleetId, hostId } });
    draw();
  },
});

const banner = createBanner((message) => page.say(message));
const head = createHostHead();
const spoken = element("p", { class: "hidden", role: "status" });
const toolbar = createToolbar({
  onMinutes(minutes) {
    page.keep({ minutes, zoom: null });
    page.say({ kind: "span", minutes });
    hold();
  },
  onPause() {
    page.keep(isHeld() ? { isPaused: false, zoom: null } : { isPaused: true });
    hold();
  },
  onResetZoom: () => zoomTo(null),
  onSave: save,
  onRetry: () => page.say({ kind: "retry" }),
});
const stepNote = element("p", { class: "step muted" });
const charts = createHostCharts({
  span,
  isZoomed: () => page.state.zoom !== null,
  onZoom: (zoom) => zoomTo(zoom && withinSpan(zoom)),
  timeText: (seconds) => pointTime(seconds, newest?.past?.stepS ?? null, !newest?.past),
  shortTime(seconds) {
    const past = newest?.past;
    if (seconds === null) return past ? panelWords.charts[newest?.isStale ? "lastRead" : "atPresent"] : "";
    return shortPointTime(seconds, past?.stepS ?? null, !past);
  },
  whenEmpty: () => (newest?.past ? panelWords.charts.empty[newest.past.state] : null),
  onSay: (text) => setText(spoken, text),
});
const lists = createHostLists((jobId) => page.say({ kind: "show-log", jobId }));
byId("page").append(head.root, banner.root, toolbar.root, stepNote, charts.root, lists.root, spoken);
setAttribute(byId("page"), "data-unknown", "");
banner.show({ tone: "info", text: panelWords.host.waiting, actions: [] });
const scroll = keepScroll(page);
page.say({ kind: "span", minutes: page.state.minutes });
hold();
page.start();

function zoomTo(zoom: HostState["zoom"]): void {
  page.keep({ zoom });
  hold();
}

/** The extension asks where to, and writes. */
function save(kind: "csv" | "png"): void {
  const { fromS, toS } = span();
  const shown = charted();
  if (!shown?.host) return;
  if (kind === "csv") return page.say({ kind: "save-csv", fromS, toS });
  const time = panelWords.charts.fromTo(
    ...([fromS, toS].map((at) => exactMomentText(at * 1_000)) as [string, string]),
  );
  const png = hostPicture(charts.pictures(), { title: shown.host.name, time });
  page.say({ kind: "save-png", fromS, toS, png });
}

function isHeld(): boolean {
  return page.state.isPaused || page.state.zoom !== null;
}

/** The extension keeps what is held: a page is loaded anew each time it comes into sight. */
function hold(): void {
  page.say({ kind: "hold", isHeld: isHeld(), zoom: page.state.zoom });
  draw();
}

function span(): { fromS: number; toS: number } {
  const { zoom, minutes } = page.state;
  if (zoom !== null) return zoom;
  const past = newest?.past;
  if (past) return { fromS: past.fromMs / 1_000, toS: past.toMs / 1_000 };
  const toS = (charted()?.metrics.atMs.at(-1) ?? 0) / 1_000;
  return { fromS: toS - minutes * 60, toS };
}

/** A zoom of a longer span ends where there is nothing finer, and where it is the whole. */
function withinSpan({ fromS, toS }: { fromS: number; toS: number }): HostState["zoom"] {
  const past = newest?.past;
  if (!past) return toS - fromS > longestZoomS ? null : { fromS: Math.max(0, fromS), toS };
  const [firstS, lastS] = [past.fromMs / 1_000, past.toMs / 1_000];
  if (toS - fromS >= lastS - firstS) return null;
  const half = Math.max(toS - fromS, shortestZoomS) / 2;
  const middle = Math.min(lastS - half, Math.max(firstS + half, (fromS + toS) / 2));
  return { fromS: middle - half, toS: middle + half };
}

/** What the charts show: the newest, or what was so when they were paused or zoomed. */
function charted(): NonNullable<HostPanelModel["charted"]> | null {
  return newest?.charted ?? newest;
}

function draw(): void {
  const shown = charted();
  if (newest === null || shown === null) return;
  if (newest.past === null) dropLostZoom(shown.metrics.atMs);
  const { zoom, minutes } = page.state;
  const until = shown.metrics.atMs.at(-1);
  const shownUntil = until === undefined ? null : (newest.past === null ? clockText : momentText)(until);
  setAttribute(byId("page"), "data-stale", newest.isStale ? "" : null);
  setAttribute(byId("page"), "data-unknown", newest.host === null ? "" : null);
  banner.show(newest.banner);
  head.show(newest.host);
  toolbar.show({
    minutes,
    isPaused: isHeld(),
    isZoomed: zoom !== null,
    shownUntil,
    past: newest.past,
    canSave: until !== undefined,
  });
  setText(stepNote, stepText());
  // Until the extension has heard of another span its model is of the one before.
  if (newest.minutes === minutes || (!newest.past && pastSpan(minutes) === null)) charts.show(shown);
  lists.show(newest);
  if (newest.host !== null) scroll.restore();
}

/** From when to when a longer span is, and what a point of it means. */
function stepText(): string {
  const past = newest?.past;
  if (!past) return "";
  const { fromS, toS } = span();
  const time = panelWords.charts.fromTo(momentText(fromS * 1_000), momentText(toS * 1_000));
  const { stepS } = past;
  return stepS === null ? time : panelWords.charts.stepped(time, formatDuration(stepS * 1_000));
}

/** After a reload of the window what was zoomed in on may be gone. */
function dropLostZoom(atMs: readonly number[]): void {
  const { zoom } = page.state;
  const [first] = atMs;
  if (zoom === null || first === undefined || zoom.toS * 1_000 > first) return;
  page.keep({ zoom: null });
  page.say({ kind: "hold", isHeld: isHeld(), zoom: null });
}
