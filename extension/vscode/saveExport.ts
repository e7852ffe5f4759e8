import { homedir } from "node:os";
import * as vscode from "vscode";
import type { ExportedFile } from "../core/panels/hostExport.ts";
import { words } from "../core/words/words.ts";
import { fail, inform } from "./notices.ts";

const say = words.saving;

/** Asks where files are to be saved, about one at a time: while it asks, others are passed over. */
export function createSaving(): (file: ExportedFile | null) => void {
  let isAsking = false;
  return (file) => {
    if (file === null || isAsking) return;
    isAsking = true;
    void saveExport(file).finally(() => (isAsking = false));
  };
}

/** Nothing is written unless a place was chosen. */
async function saveExport({ name, kind, bytes }: ExportedFile): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const place = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, name),
    filters: { [say.kinds[kind]]: [kind] },
    title: say.title,
  });
  if (!place) return;
  try {
    await vscode.workspace.fs.writeFile(place, bytes);
    void offerToOpen(place);
  } catch (error) {
    void fail(say.failed(place.path, error instanceof Error ? error.message : String(error)));
  }
}

async function offerToOpen(place: vscode.Uri): Promise<void> {
  const chosen = await inform(say.saved(place.path), say.open);
  if (chosen === say.open) await vscode.commands.executeCommand("vscode.open", place);
}
