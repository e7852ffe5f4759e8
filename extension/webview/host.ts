import { clockText } from "../core/clock.ts";
import {
  hostPanelModelSchema,
  hostStateSchema,
  type HostMessage,
  type HostPanelModel,
  type HostState,
} from "../core/panels/hostSchema.ts";
import { panelWords } from "../core/panels/panelWords.ts";
import { createBanner } from "./createBanner.ts";
import { createHostCharts } from "./createHostCharts.ts";
import { createHostHead } from "./createHostHead.ts";
import { createHostLists } from "./createHostLists.ts";
import { createToolbar } from "./createToolbar.ts";
import { byId, element, setAttribute, setText } from "./dom.ts";
import { keepScroll } from "./keepScroll.ts";
import { openPage } from "./openPage.ts";

let newest: HostPanelModel | null = null;
/** What the charts show: the newest, or what was so when they were paused or zoomed. */
let charted: HostPanelModel | null = null;

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
    charted = null;
    draw();
  },
  onPause() {
    const isHeld = page.state.isPaused || page.state.zoom !== null;
    page.keep(isHeld ? { isPaused: false, zoom: null } : { isPaused: true });
    draw();
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
page.start();

function zoomTo(zoom: HostState["zoom"]): void {
  page.keep({ zoom });
  draw();
}

function span(): { fromS: number; toS: number } {
  const { zoom, minutes } = page.state;
  if (zoom !== null) return zoom;
  const toS = (charted?.metrics.atMs.at(-1) ?? 0) / 1_000;
  return { fromS: toS - minutes * 60, toS };
}

function draw(): void {
  if (newest === null) return;
  const { isPaused, zoom, minutes } = page.state;
  const isHeld = isPaused || zoom !== null;
  // A new span, or a page that was loaded again, is shown once before it is held.
  const isKept = charted?.minutes === minutes && charted.metrics.atMs.length > 0;
  if (!isHeld || !isKept) charted = newest;
  const until = charted?.metrics.atMs.at(-1);
  const shownUntil = until === undefined ? null : clockText(until);
  setAttribute(byId("page"), "data-stale", newest.isStale ? "" : null);
  setAttribute(byId("page"), "data-unknown", newest.host === null ? "" : null);
  banner.show(newest.banner);
  head.show(newest.host);
  toolbar.show({ minutes, isPaused: isHeld, isZoomed: zoom !== null, shownUntil });
  if (charted) charts.show(charted);
  lists.show(newest);
  if (newest.host !== null) scroll.restore();
}
