import * as vscode from "vscode";
import type { UnsavedFiles } from "../../protocol/client/unsavedFiles.ts";

/** The content of every open file with unsaved changes, by its path, as saving it would write it. */
export async function unsavedContent(): Promise<UnsavedFiles> {
  const dirty = vscode.workspace.textDocuments.filter(({ isDirty, uri }) => isDirty && uri.scheme === "file");
  return new Map(
    await Promise.all(dirty.map(async (document) => [document.uri.fsPath, await bytesOf(document)] as const)),
  );
}

/** The document in its own encoding, with its own line ends. */
export async function bytesOf(document: vscode.TextDocument): Promise<Uint8Array> {
  return vscode.workspace.encode(document.getText(), { encoding: document.encoding });
}
