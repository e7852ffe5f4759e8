import * as vscode from "vscode";
import type { HostId } from "../../protocol/ids.ts";
import { commandIds } from "../core/commandIds.ts";
import { dashboardModel } from "../core/panels/dashboardModel.ts";
import {
  dashboardMessageSchema,
  type DashboardMessage,
  type DashboardModel,
} from "../core/panels/dashboardSchema.ts";
import type { Membership } from "../core/createMembership.ts";
import { createHeatFeed, type HeatFeed } from "../core/panels/createHeatFeed.ts";
import { mostWatched } from "../core/createHostWatch.ts";
import { isFresh } from "../core/statusText.ts";
import { words } from "../core/words/words.ts";
import { createPanel, type PanelHost } from "./createPanel.ts";
import { createPanels, type Panels } from "./createPanels.ts";

const manyRows = 200;
/** How often is looked whether a column of the heat map is over. */
const lookMs = 15_000;

/** The fleet's dashboard, of which there is one. */
export function dashboardPanels(host: PanelHost): Panels<"fleet"> {
  const { membership, now } = host;

  function fill(panel: vscode.WebviewPanel): void {
    let inSight: readonly HostId[] = [];
    let isVisible = false;
    let isHeat = false;
    const heat = heatOf(
      membership,
      now,
      () => isVisible,
      () => open.touch(),
    );
    // The heat map is of hours: nothing of it needs a reading each second.
    const watch = (): void =>
      membership.session?.watchFor(panel, new Set(isVisible && !isHeat ? inSight.slice(0, mostWatched) : []));
    const look = (): void => {
      watch();
      heat.look();
    };
    const stop = membership.listen(look);
    let timer: NodeJS.Timeout | undefined;
    const open = createPanel<DashboardModel, DashboardMessage>(panel, host, {
      page: "dashboard",
      title: () => words.panel.dashboard,
      model: () => dashboardModel(membership.session, now(), membership.place, heat.shown()),
      messageSchema: dashboardMessageSchema,
      onMessage(message) {
        if (message.kind === "in-sight") {
          inSight = message.hostIds;
          heat.inSight(inSight);
          open.touch();
          return watch();
        }
        if (message.kind === "heat") {
          isHeat = message.hours !== null;
          heat.span(message.hours);
          open.touch();
          return watch();
        }
        const { hostId } = message;
        void vscode.commands.executeCommand(commandIds.openHost, { rowId: hostId, hostId });
      },
      onVisible(next) {
        isVisible = next;
        clearInterval(timer);
        if (isVisible) timer = setInterval(() => heat.look(), lookMs);
        look();
      },
      shortestMs: ({ rows }) => (rows.length > manyRows ? 1_000 : 0),
      dispose() {
        stop();
        clearInterval(timer);
        isVisible = false;
        look();
      },
    });
  }

  return createPanels({
    viewType: "hwledger.dashboard",
    keyOf: () => "fleet" as const,
    nameOf: (key) => key,
    fill,
  });
}

/** The heat map's figures, asked for of the session that is shown while there is contact and somebody looks. */
function heatOf(
  membership: Membership,
  now: () => number,
  isVisible: () => boolean,
  onChange: () => void,
): HeatFeed {
  let fleetId = "";
  const feed = createHeatFeed({
    client() {
      const { session } = membership;
      return isVisible() && session?.contact.kind === "live" && session.fleet.isKnown ? session.client : null;
    },
    now,
    serviceNowMs() {
      const { session } = membership;
      // The service's clock may be another than this editor's.
      const readAtMs = [...(session?.fleet.hosts.values() ?? [])]
        .filter((host) => session && isFresh(host, session.contact))
        .map(({ reading }) => reading?.atMs ?? 0);
      return readAtMs.reduce((newest, atMs) => Math.max(newest, atMs), 0) || now();
    },
    onChange,
  });
  return {
    ...feed,
    look() {
      const shown = membership.session?.identity.fleetId ?? "";
      if (shown !== fleetId) feed.forget();
      fleetId = shown;
      feed.look();
    },
  };
}
