import * as vscode from "vscode";
import type { Script } from "../core/script.ts";
import { words } from "../core/words/words.ts";
import { warn } from "./notices.ts";

/**
 * Files are sent as they are seen, but only its own program can write what is seen of a notebook: those of the folder that is
 * sent are saved, where the person wants that. Whether to send.
 */
export async function saveNotebooks(script: Script, scriptOnly: boolean): Promise<boolean> {
  const folder =
    script.kind === "file" && !scriptOnly
      ? vscode.workspace.getWorkspaceFolder(vscode.Uri.file(script.path))
      : undefined;
  if (folder === undefined) return true;
  const unsaved = vscode.workspace.notebookDocuments.filter(
    ({ isDirty, uri }) => isDirty && vscode.workspace.getWorkspaceFolder(uri)?.index === folder.index,
  );
  if (unsaved.length === 0) return true;
  const { notebooks } = words;
  const names = unsaved.map(({ uri }) => vscode.workspace.asRelativePath(uri)).join(", ");
  const options = { modal: true, detail: notebooks.detail };
  const answer = await warn(notebooks.question(names), options, notebooks.save, notebooks.asSaved);
  if (answer !== notebooks.save) return answer === notebooks.asSaved;
  for (const notebook of unsaved) if (!(await notebook.save())) return false;
  return true;
}
