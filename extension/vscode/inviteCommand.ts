import * as vscode from "vscode";
import { userRoles, type UserRole } from "../../protocol/ids.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { makeInvitation, type InvitationPurpose } from "../core/panels/invitation.ts";
import { words } from "../core/words/words.ts";
import { askInList } from "./askInList.ts";
import { openInvitePanel, type InvitePanelHost } from "./invitePanel.ts";

/** Makes a join link and shows it; without a purpose it asks what the new member may do. */
export type Invite = (session: FleetSession, purpose?: InvitationPurpose) => Promise<void>;

/** Makes the command. Rejects with what the service says, as `role-insufficient`. */
export function createInvite(host: InvitePanelHost): Invite {
  return async (session, purpose) => {
    const wanted = purpose ?? (await askRole());
    if (!wanted) return;
    const invitation = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: words.invite.making },
      () => makeInvitation(session, wanted, vscode.env.uriScheme, host.now),
    );
    openInvitePanel(host, invitation);
  };
}

async function askRole(): Promise<InvitationPurpose | undefined> {
  const items = userRoles.map(roleItem);
  const picked = await askInList(items, {
    title: words.invite.title,
    placeholder: words.invite.choose,
    matchOnDetail: true,
  });
  return picked && { role: picked.role };
}

function roleItem(role: UserRole) {
  const [label, detail] = words.invite.roles[role];
  const icons = { viewer: "eye", operator: "rocket", admin: "shield" };
  return { role, label, detail, iconPath: new vscode.ThemeIcon(icons[role]) };
}
