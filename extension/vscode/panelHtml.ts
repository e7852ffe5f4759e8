import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** Folders of the extension that a page may load from. */
export function panelRoots(extensionUri: vscode.Uri): vscode.Uri[] {
  return ["dist", "media"].map((folder) => vscode.Uri.joinPath(extensionUri, folder));
}

/** The HTML of a page: its one script and its one style sheet, and nothing from anywhere else. */
export function panelHtml(
  webview: Pick<vscode.Webview, "asWebviewUri" | "cspSource">,
  extensionUri: vscode.Uri,
  { page, title }: { page: string; title: string },
): string {
  const nonce = randomBytes(16).toString("base64");
  const uri = (file: string) =>
    webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, "dist", "webview", file)).toString();
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${uri(`${page}.css`)}" />
    <title>${title}</title>
  </head>
  <body>
    <main id="page"></main>
    <script nonce="${nonce}" src="${uri(`${page}.js`)}"></script>
  </body>
</html>`;
}
