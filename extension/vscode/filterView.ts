import * as vscode from "vscode";

/** A view that keeps rows out. */
export interface FilteredView {
  readonly filter: string;
  setFilter(filter: string): void | Promise<void>;
}

/** Asks for a filter and applies it while it is typed. Escape puts back what was. */
export function filterView(
  view: FilteredView,
  { title, prompt }: { title: string; prompt: string },
): Promise<void> {
  const before = view.filter;
  const box = vscode.window.createInputBox();
  box.title = title;
  box.prompt = prompt;
  box.value = before;
  box.ignoreFocusOut = true;
  let isAccepted = false;
  return new Promise((resolve) => {
    box.onDidChangeValue((typed) => void view.setFilter(typed));
    box.onDidAccept(() => {
      isAccepted = true;
      box.hide();
    });
    box.onDidHide(() => {
      if (!isAccepted && view.filter !== before) void view.setFilter(before);
      box.dispose();
      resolve();
    });
    box.show();
  });
}
