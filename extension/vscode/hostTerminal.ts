import * as vscode from "vscode";
import type { KnownHost } from "../core/fleetState.ts";
import { sshTerminalArgs } from "../core/sshTerminalArgs.ts";
import { words } from "../core/words/words.ts";
import { inform } from "./notices.ts";

/** Opens a shell on the host, by this machine's own `ssh`. `isServiceHere`: the service runs on this machine. */
export function openHostTerminal({ record }: KnownHost, isServiceHere: boolean): void {
  const { name, connection } = record;
  const iconPath = new vscode.ThemeIcon("vm");
  if (connection.kind === "ssh") {
    const shellArgs = sshTerminalArgs(connection);
    return vscode.window.createTerminal({ name, iconPath, shellPath: "ssh", shellArgs }).show();
  }
  if (connection.kind === "agent") return void inform(words.hosts.noTerminal(name));
  if (isServiceHere) return vscode.window.createTerminal({ name, iconPath }).show();
  void inform(words.hosts.localElsewhere(name));
}
