import * as vscode from "vscode";
import { noticeText } from "../core/problemText.ts";

/** Says a text; fulfils with the button that was chosen. */
interface Say {
  <B extends string | vscode.MessageItem>(text: string, ...buttons: readonly B[]): Thenable<B | undefined>;
  <B extends string | vscode.MessageItem>(
    text: string,
    options: vscode.MessageOptions,
    ...buttons: readonly B[]
  ): Thenable<B | undefined>;
}

/**
 * Everything that is said in a notification or a dialog is said here: the editor makes links of Markdown's, and such a link
 * may run any of its commands, while many words are those of a host, a file or another member. No link gets through.
 */
function saying(show: Say): Say {
  const plain = show as (text: string, ...rest: readonly unknown[]) => Thenable<never>;
  return (text: string, ...rest: readonly unknown[]) => plain(noticeText(text), ...rest);
}

export const inform = saying(vscode.window.showInformationMessage);
export const warn = saying(vscode.window.showWarningMessage);
export const fail = saying(vscode.window.showErrorMessage);
