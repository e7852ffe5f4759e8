import * as vscode from "vscode";
import type { Membership } from "../core/createMembership.ts";
import { contextKeys } from "../core/viewIds.ts";

/** Keeps the manifest's context keys in step with the membership. */
export function keepContextKeys(membership: Membership): vscode.Disposable {
  const shown = new Map<string, unknown>();

  function set(key: string, value: unknown): void {
    if (shown.get(key) === value) return;
    shown.set(key, value);
    void vscode.commands.executeCommand("setContext", key, value);
  }

  function show(): void {
    const { session, isLocal, profiles } = membership;
    set(contextKeys.membership, session === undefined ? "unknown" : session === null ? "none" : "joined");
    set(contextKeys.contact, session ? session.contact.kind : "none");
    set(contextKeys.isLocal, isLocal);
    set(contextKeys.hasSeveral, profiles.length > 1);
  }

  show();
  return { dispose: membership.listen(show) };
}
