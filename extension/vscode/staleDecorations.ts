import * as vscode from "vscode";

const scheme = "hwledger-stale";

/** A resource that stands for a row whose figures may no longer be so; see `staleDecorations`. */
export function staleUri(rowId: string): vscode.Uri {
  return vscode.Uri.from({ scheme, path: `/${rowId}` });
}

/** Greys the labels of rows that carry a `staleUri`. */
export function staleDecorations(): vscode.Disposable {
  const decoration = new vscode.FileDecoration();
  decoration.color = new vscode.ThemeColor("descriptionForeground");
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration: (uri) => (uri.scheme === scheme ? decoration : undefined),
  });
}
