import { clockText } from "../core/clock.ts";
import {
  hostPanelModelSchema,
  hostStateSchema,
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
import { keepScroll } from "./keepScroll.ts";
import { openPage } from "./openPage.ts";

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
});
const charts = createHostCharts({ span, onZoom: zoomTo, onSay: (text) => setText(spoken, text) });
const lists = createHostLists((jobId) => page.say({ kind: "show-log", jobId }));
byId("page").append(head.root, banner.root, toolbar.root, charts.root, lists.root, spoken);
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

function isHeld(): boolean {
  return page.state.isPaused || page.state.zoom !== null;
}

/** The extension keeps what is held: a page is loaded anew each time it comes into sight. */
function hold(): void {
  page.say({ kind: "hold", isHeld: isHeld() });
  draw();
}

function span(): { fromS: number; toS: number } {
  const { zoom, minutes } = page.state;
  if (zoom !== null) return zoom;
  const toS = (charted()?.metrics.atMs.at(-1) ?? 0) / 1_000;
  return { fromS: toS - minutes * 60, toS };
}

/** What the charts show: the newest, or what was so when they were paused or zoomed. */
function charted(): NonNullable<HostPanelModel["charted"]> | null {
  return newest?.charted ?? newest;
}

function draw(): void {
  const shown = charted();
  if (newest === null || shown === null) return;
  dropLostZoom(shown.metrics.atMs);
  const { zoom, minutes } = page.state;
  const until = shown.metrics.atMs.at(-1);
  const shownUntil = until === undefined ? null : clockText(until);
  setAttribute(byId("page"), "data-stale", newest.isStale ? "" : null);
  setAttribute(byId("page"), "data-unknown", newest.host === null ? "" : null);
  banner.show(newest.banner);
  head.show(newest.host);
  toolbar.show({ minutes, isPaused: isHeld(), isZoomed: zoom !== null, shownUntil });
  charts.show(shown);
  lists.show(newest);
  if (newest.host !== null) scroll.restore();
}

/** After a reload of the window what was zoomed in on may be gone. */
function dropLostZoom(atMs: readonly number[]): void {
  const { zoom } = page.state;
  const [first] = atMs;
  if (zoom === null || first === undefined || zoom.toS * 1_000 > first) return;
  page.keep({ zoom: null });
  page.say({ kind: "hold", isHeld: isHeld() });
}
