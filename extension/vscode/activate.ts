import { setImmediate } from "node:timers/promises";
import * as vscode from "vscode";
import { commandIds } from "../core/commandIds.ts";
import { wireExtension, type WiredExtension } from "./wireExtension.ts";

/** For whoever measures: settles when everything is in its place. */
export interface ActiveExtension {
  whenWired: Promise<void>;
}

/**
 * Takes the editor's time only for what must be there when it ends: the commands and the links. The rest is a bundle of
 * its own (`esbuild.mjs`), which is loaded right afterwards, or by the first command: it takes some hundred milliseconds
 * on a slow machine, and nobody who opens an editor should wait for that.
 */
export function activate(context: vscode.ExtensionContext): ActiveExtension {
  let wired: WiredExtension | null = null;
  const extension = (): WiredExtension => (wired ??= wireExtension(context));
  const whenWired = setImmediate().then(() => void extension());
  context.subscriptions.push(
    vscode.window.registerUriHandler({ handleUri: (uri) => extension().openLink(uri) }),
    ...Object.values(commandIds).map((id) =>
      vscode.commands.registerCommand(id, (...args: never[]) => extension().commands[id](...args)),
    ),
  );
  return { whenWired };
}
