import * as vscode from "vscode";
import type { Script } from "../core/script.ts";
import { untitledScript } from "../core/untitledScript.ts";
import { words } from "../core/words/words.ts";
import { warn } from "./notices.ts";

/**
 * What to dispatch: the file of the menu, else that of the active editor, or its buffer when it is in no file. Nothing is
 * saved. Undefined, after saying why, when there is nothing to run.
 */
export async function scriptToDispatch(uri: vscode.Uri | undefined): Promise<Script | undefined> {
  const wanted = uri ?? vscode.window.activeTextEditor?.document.uri;
  if (wanted === undefined) return refuse(words.dispatch.noFile);
  const document = openDocument(wanted.toString());
  if (document?.isUntitled)
    return {
      kind: "buffer",
      uri: wanted.toString(),
      label: untitledScript(wanted.path, document.languageId),
    };
  if (wanted.scheme !== "file") return refuse(words.dispatch.otherScheme(wanted.scheme));
  if (document === undefined && (await isFolder(wanted))) return refuse(words.dispatch.folder);
  return fileScript(wanted);
}

/** The script with that URI, when it is still there: a file, or a buffer that is open. */
export async function scriptOf(uri: string): Promise<Script | undefined> {
  const document = openDocument(uri);
  const parsed = vscode.Uri.parse(uri, true);
  if (document?.isUntitled)
    return { kind: "buffer", uri, label: untitledScript(parsed.path, document.languageId) };
  if (parsed.scheme !== "file") return undefined;
  return document?.isDirty || (await isFile(parsed)) ? fileScript(parsed) : undefined;
}

/** An open document by its URI. */
export function openDocument(uri: string): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri);
}

/** Whether there is such a file. */
export async function isFile(uri: vscode.Uri): Promise<boolean> {
  try {
    return Boolean((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.File);
  } catch {
    return false;
  }
}

async function isFolder(uri: vscode.Uri): Promise<boolean> {
  return Boolean((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.Directory);
}

function fileScript(uri: vscode.Uri): Script {
  const label = vscode.workspace.asRelativePath(uri);
  return { kind: "file", uri: uri.toString(), path: uri.fsPath, label };
}

function refuse(text: string): undefined {
  void warn(text);
  return undefined;
}
