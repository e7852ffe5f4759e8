import * as vscode from "vscode";
import { words } from "../core/words.ts";
import type { HostsView } from "./createHostsView.ts";

/** Asks for words that hosts must have, and shows what they leave while they are typed. Escape puts back what was. */
export function filterHosts(view: HostsView): Promise<void> {
  const before = view.filter;
  const box = vscode.window.createInputBox();
  box.title = words.hosts.filterTitle;
  box.prompt = words.hosts.filterPrompt;
  box.value = before;
  let isAccepted = false;
  return new Promise((resolve) => {
    box.onDidChangeValue((typed) => view.setFilter(typed));
    box.onDidAccept(() => {
      isAccepted = true;
      box.hide();
    });
    box.onDidHide(() => {
      if (!isAccepted) view.setFilter(before);
      box.dispose();
      resolve();
    });
    box.show();
  });
}
