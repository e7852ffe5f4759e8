import * as vscode from "vscode";
import type { HostId } from "../../protocol/ids.ts";
import { commandIds } from "../core/commandIds.ts";
import { dashboardModel } from "../core/panels/dashboardModel.ts";
import {
  dashboardMessageSchema,
  type DashboardMessage,
  type DashboardModel,
} from "../core/panels/dashboardSchema.ts";
import { mostWatched } from "../core/createHostWatch.ts";
import { words } from "../core/words/words.ts";
import { createPanel, type PanelHost } from "./createPanel.ts";
import { createPanels, type Panels } from "./createPanels.ts";

const manyRows = 200;

/** The fleet's dashboard, of which there is one. */
export function dashboardPanels(host: PanelHost): Panels<"fleet"> {
  const { membership, now } = host;

  function fill(panel: vscode.WebviewPanel): void {
    let inSight: readonly HostId[] = [];
    let isVisible = false;
    const watch = (): void =>
      membership.session?.watchFor(panel, new Set(isVisible ? inSight.slice(0, mostWatched) : []));
    const stop = membership.listen(watch);
    createPanel<DashboardModel, DashboardMessage>(panel, host, {
      page: "dashboard",
      title: () => words.panel.dashboard,
      model: () => dashboardModel(membership.session, now(), membership.place),
      messageSchema: dashboardMessageSchema,
      onMessage(message) {
        if (message.kind === "in-sight") {
          inSight = message.hostIds;
          return watch();
        }
        const { hostId } = message;
        void vscode.commands.executeCommand(commandIds.openHost, { rowId: hostId, hostId });
      },
      onVisible(next) {
        isVisible = next;
        watch();
      },
      shortestMs: ({ rows }) => (rows.length > manyRows ? 1_000 : 0),
      dispose() {
        stop();
        isVisible = false;
        watch();
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
