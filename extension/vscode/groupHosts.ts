import * as vscode from "vscode";
import { hostGroupings, settingIds } from "../core/settings.ts";
import { words } from "../core/words.ts";
import { changeSetting, textSetting } from "./setting.ts";
import { staysOpen } from "./staysOpen.ts";

/** Asks how the Hosts view is to group its hosts, and keeps it as a setting. */
export async function groupHosts(): Promise<void> {
  const now = textSetting(settingIds.groupHostsBy);
  const items = hostGroupings.map((grouping) => {
    const [label, detail] = words.hosts.groupings[grouping];
    return { grouping, label, detail, description: grouping === now ? words.hosts.groupedNow : "" };
  });
  const options = { title: words.hosts.groupTitle, ignoreFocusOut: staysOpen() };
  const picked = await vscode.window.showQuickPick(items, options);
  if (picked) await changeSetting(settingIds.groupHostsBy, picked.grouping);
}
