import * as vscode from "vscode";
import type { DispatchMemory } from "../core/createDispatchMemory.ts";
import { openDocument } from "./scriptToDispatch.ts";

/** Lets the memory forget a buffer that is in no file once it is closed: the editor gives its name to the next one. */
export function forgetBuffers(memory: Pick<DispatchMemory, "forgetBuffer">): vscode.Disposable {
  return vscode.workspace.onDidCloseTextDocument(({ isUntitled, uri }) => {
    // A buffer of another language counts as closed and is opened at once.
    const forget = (): void => {
      if (openDocument(uri.toString()) === undefined) memory.forgetBuffer(uri.toString());
    };
    if (isUntitled) setTimeout(forget, 0);
  });
}
