import * as vscode from "vscode";

/**
 * For `ignoreFocusOut` of a list or box that a command opens. The palette gives the focus back to a webview a moment after
 * it ran a command from there, which would close what that command has opened.
 */
export function staysOpen(): boolean {
  return vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview;
}
