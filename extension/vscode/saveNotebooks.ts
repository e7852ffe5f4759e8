import { realpath } from "node:fs/promises";
import * as vscode from "vscode";
import { workspaceOf } from "../../protocol/client/dispatchFile.ts";
import { isInside } from "../../protocol/client/isInside.ts";
import type { Script } from "../core/script.ts";
import { words } from "../core/words/words.ts";
import { fail, warn } from "./notices.ts";

/**
 * Files are sent as they are seen, but only its own program can write what is seen of a notebook: those that are about to be
 * sent are saved, where the person wants that. Whether to send.
 */
export async function saveNotebooks(script: Script, scriptOnly: boolean): Promise<boolean> {
  const unsaved = script.kind === "file" ? await unsavedNotebooks(script.path, scriptOnly) : [];
  if (unsaved.length === 0) return true;
  const { notebooks } = words;
  const names = unsaved.map(({ uri }) => vscode.workspace.asRelativePath(uri)).join(", ");
  const options = { modal: true, detail: notebooks.detail };
  const answer = await warn(notebooks.question(names), options, notebooks.save, notebooks.asSaved);
  if (answer !== notebooks.save) return answer === notebooks.asSaved;
  for (const notebook of unsaved) {
    if (await notebook.save()) continue;
    void fail(notebooks.notSaved(vscode.workspace.asRelativePath(notebook.uri)));
    return false;
  }
  return true;
}

/** Notebooks with changes in what goes along with a script. */
async function unsavedNotebooks(path: string, scriptOnly: boolean): Promise<vscode.NotebookDocument[]> {
  const dirty = vscode.workspace.notebookDocuments.filter(
    ({ isDirty, uri }) => isDirty && uri.scheme === "file",
  );
  if (dirty.length === 0) return [];
  if (scriptOnly) return dirty.filter(({ uri }) => uri.fsPath === path);
  const root = await workspaceOf(path).catch(() => null); // what is wrong with it is said when it is sent
  const places = await Promise.all(dirty.map(({ uri }) => realpath(uri.fsPath).catch(() => uri.fsPath)));
  return root === null ? [] : dirty.filter((_, at) => isInside(root, places[at] ?? ""));
}
