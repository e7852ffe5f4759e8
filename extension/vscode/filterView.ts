import * as vscode from "vscode";
import { problemText } from "../core/problemText.ts";
import { problemIn } from "./showProblem.ts";

/** A view that keeps rows out. */
export interface FilteredView {
  readonly filter: string;
  /** May reject with what keeps it from filtering. */
  setFilter(filter: string): void | Promise<void>;
}

/** So long a person types before the view follows: a filter may be a question to the service. */
const restMs = 150;

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
  let resting: NodeJS.Timeout | undefined;
  let isAccepted = false;

  async function apply(filter: string): Promise<boolean> {
    clearTimeout(resting);
    try {
      await view.setFilter(filter);
      if (filter === box.value) box.validationMessage = "";
      return true;
    } catch (error) {
      box.validationMessage = problemText(problemIn(error));
      return false;
    }
  }

  return new Promise((resolve) => {
    box.onDidChangeValue((typed) => {
      clearTimeout(resting);
      resting = setTimeout(() => void apply(typed), restMs);
    });
    box.onDidAccept(async () => {
      if (!(await apply(box.value))) return;
      isAccepted = true;
      box.hide();
    });
    box.onDidHide(() => {
      clearTimeout(resting);
      if (!isAccepted && view.filter !== before) void apply(before);
      box.dispose();
      resolve();
    });
    box.show();
  });
}
