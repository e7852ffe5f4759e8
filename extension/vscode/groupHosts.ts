import { hostGroupings, settingIds } from "../core/settings.ts";
import { words } from "../core/words/words.ts";
import { askInList } from "./askInList.ts";
import { changeSetting, textSetting } from "./setting.ts";

/** Asks how the Hosts view is to group its hosts, and keeps it as a setting. */
export async function groupHosts(): Promise<void> {
  const now = textSetting(settingIds.groupHostsBy);
  const items = hostGroupings.map((grouping) => {
    const [label, detail] = words.hosts.groupings[grouping];
    return { grouping, label, detail, description: grouping === now ? words.hosts.groupedNow : "" };
  });
  const options = { title: words.hosts.groupTitle };
  const picked = await askInList(items, options);
  if (picked) await changeSetting(settingIds.groupHostsBy, picked.grouping);
}
