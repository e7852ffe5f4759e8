import type { FleetSession } from "../core/openFleetSession.ts";
import { words } from "../core/words.ts";
import type { PanelHost } from "./createPanel.ts";
import type { RowHandle } from "./createHostsView.ts";
import { dashboardPanels } from "./dashboardPanel.ts";
import { hostFor } from "./hostCommands.ts";
import { hostPanels } from "./hostPanel.ts";

/** Commands that open panels, and the panels. */
export interface PanelCommands {
  openDashboard(): Promise<void>;
  /** Opens the panel of the row's host, or of one from a pick list. */
  openHost(session: FleetSession, row: RowHandle | undefined): Promise<void>;
  dispose(): void;
}

export function createPanelCommands(host: PanelHost): PanelCommands {
  const dashboard = dashboardPanels(host);
  const hosts = hostPanels(host);
  return {
    openDashboard() {
      dashboard.show("fleet", words.panel.dashboard);
      return Promise.resolve();
    },
    async openHost(session, row) {
      const known = await hostFor(session, row, words.panel.openOf);
      if (known) hosts.show(known.record.id, known.record.name);
    },
    dispose() {
      dashboard.dispose();
      hosts.dispose();
    },
  };
}
