import type { FleetSession } from "../core/openFleetSession.ts";
import { words } from "../core/words/words.ts";
import type { RowHandle } from "./createHostsView.ts";
import { dashboardPanels } from "./dashboardPanel.ts";
import { hostFor } from "./hostCommands.ts";
import { hostPanels } from "./hostPanel.ts";
import { createInvite, type Invite } from "./inviteCommand.ts";
import type { InvitePanelHost } from "./invitePanel.ts";
import { membersPanels } from "./membersPanel.ts";

/** Commands that open panels, and the panels. */
export interface PanelCommands {
  openDashboard(): Promise<void>;
  /** Opens the panel of the row's host, or of one from a pick list. */
  openHost(session: FleetSession, row: RowHandle | undefined): Promise<void>;
  openMembers(): Promise<void>;
  /** Makes a join link and opens its panel. */
  invite: Invite;
  dispose(): void;
}

export function createPanelCommands(host: InvitePanelHost): PanelCommands {
  const dashboard = dashboardPanels(host);
  const hosts = hostPanels(host);
  const invite = createInvite(host);
  const members = membersPanels(host, invite);
  return {
    openDashboard() {
      dashboard.show("fleet", words.panel.dashboard);
      return Promise.resolve();
    },
    async openHost(session, row) {
      const known = await hostFor(session, row, words.panel.openOf);
      if (!known) return;
      const { id: hostId, name } = known.record;
      hosts.show({ fleetId: session.identity.fleetId, hostId }, name);
    },
    openMembers() {
      members.show("members", words.members.title);
      return Promise.resolve();
    },
    invite,
    dispose() {
      dashboard.dispose();
      hosts.dispose();
      members.dispose();
    },
  };
}
