import * as vscode from "vscode";

/**
 * Path of the file to dispatch: the one of the menu, else that of the active editor. What is unsaved is saved first, and a
 * file without a place is asked for one. Undefined, after saying why, when there is none.
 */
export async function fileToDispatch(uri: vscode.Uri | undefined): Promise<string | undefined> {
  const wanted = uri ?? vscode.window.activeTextEditor?.document.uri;
  if (wanted === undefined) return refuse("Open a file, or right-click one in the Explorer.");
  const saved = await savedUri(wanted);
  if (saved === undefined) return undefined;
  if (saved.scheme !== "file")
    return refuse(
      `Only files on the machine this extension runs on can be sent; this one is ${saved.scheme}:.`,
    );
  const { type } = await vscode.workspace.fs.stat(saved);
  if (type & vscode.FileType.Directory) return refuse("Choose a file: a folder has no program to run.");
  return saved.fsPath;
}

async function savedUri(uri: vscode.Uri): Promise<vscode.Uri | undefined> {
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
  if (document === undefined || !(document.isDirty || document.isUntitled)) return uri;
  const saved = await vscode.workspace.save(uri);
  if (saved === undefined && !document.isUntitled)
    return refuse("The file could not be saved, so nothing was sent.");
  return saved;
}

function refuse(text: string): undefined {
  void vscode.window.showWarningMessage(text);
  return undefined;
}
