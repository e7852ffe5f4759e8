import * as vscode from "vscode";

/**
 * The editor moves the focus by itself for a moment after a command: the palette gives it back to a panel, and a tree
 * that is just being redrawn takes it back. Each would close a list that has just been opened.
 */
const unsteadyMs = 1_000;

/** Shows the list, and keeps it open in its first moments whatever takes the focus. Later a click elsewhere closes it. */
export function showSteadily(list: vscode.QuickPick<vscode.QuickPickItem>): void {
  list.ignoreFocusOut = true;
  const timer = setTimeout(() => (list.ignoreFocusOut = false), unsteadyMs);
  list.onDidHide(() => clearTimeout(timer));
  list.show();
}

/** Has one of the items picked; undefined when the person gives up. */
export function askInList<T extends vscode.QuickPickItem>(
  items: readonly T[],
  options: Partial<
    Pick<vscode.QuickPick<T>, "title" | "placeholder" | "matchOnDescription" | "matchOnDetail">
  >,
): Promise<T | undefined> {
  const list = vscode.window.createQuickPick<T>();
  Object.assign(list, options);
  list.items = items;
  return new Promise((resolve) => {
    list.onDidAccept(() => {
      resolve(list.selectedItems[0]);
      list.hide();
    });
    list.onDidHide(() => {
      resolve(undefined);
      list.dispose();
    });
    showSteadily(list);
  });
}
