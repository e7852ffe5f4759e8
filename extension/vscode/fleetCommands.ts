import * as vscode from "vscode";
import { commandIds } from "../core/commandIds.ts";
import type { Membership } from "../core/createMembership.ts";
import type { Profile } from "../core/profile.ts";
import { words } from "../core/words/words.ts";
import { askInList } from "./askInList.ts";
import { inform } from "./notices.ts";

const { fleets } = words;

/** Asks which of the fleets this window is to show. */
export async function switchFleet(membership: Membership): Promise<void> {
  await membership.ready();
  const shown = membership.profile?.identity.fleetId;
  const items = membership.profiles.map((profile) => fleetItem(profile, shown));
  const another = { label: `$(add) ${fleets.joinAnother}`, fleetId: null, alwaysShow: true };
  const separator = { label: "", kind: vscode.QuickPickItemKind.Separator, fleetId: null };
  const picked = await askInList([...items, separator, another], {
    title: fleets.switchTitle,
    placeholder: fleets.switchPlaceHolder,
    matchOnDescription: true,
  });
  if (picked === undefined) return;
  if (picked.fleetId === null) await vscode.commands.executeCommand(commandIds.join);
  else membership.switchTo(picked.fleetId);
}

function fleetItem({ identity, label, home }: Profile, shown: string | undefined) {
  const isShown = identity.fleetId === shown;
  const address = new URL(identity.url).host;
  // A fleet without a name of its own goes by its address: once is enough.
  const facts = [...(label === address ? [] : [address]), ...(home === null ? [] : [fleets.onThisMachine])];
  return {
    label: `$(${isShown ? "check" : "server-environment"}) ${label}`,
    description: facts.join(" · "),
    detail: `${identity.member} (${identity.role})${isShown ? ` · ${fleets.shown}` : ""}`,
    fleetId: identity.fleetId,
  };
}

/** Gives the fleet that is shown a name. */
export async function renameFleet(membership: Membership): Promise<void> {
  await membership.ready();
  const { profile } = membership;
  if (profile === null) return void inform(fleets.none);
  const label = await vscode.window.showInputBox({
    title: fleets.renameTitle,
    prompt: fleets.renamePrompt,
    value: profile.label,
    ignoreFocusOut: true,
  });
  const next = label?.trim().slice(0, 100);
  if (next) await membership.rename(profile.identity.fleetId, next);
}
