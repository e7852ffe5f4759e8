import * as vscode from "vscode";
import type { Membership } from "../core/createMembership.ts";
import { memberOf } from "../core/jobText.ts";
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
    const { session, place, profiles } = membership;
    const unread = membership.isUnreadable ? "unreadable" : "unknown";
    set(contextKeys.membership, session === undefined ? unread : session === null ? "none" : "joined");
    // Live, but not yet told of its hosts: "no hosts yet" would be made up.
    const isLoading = session?.contact.kind === "live" && !session.fleet.isKnown;
    set(contextKeys.contact, isLoading ? "connecting" : (session?.contact.kind ?? "none"));
    set(contextKeys.role, session?.identity.role ?? "none");
    set(contextKeys.isLocal, place !== "elsewhere");
    const hosts = [...(session?.fleet.hosts.values() ?? [])];
    set(
      contextKeys.hasHosts,
      hosts.some(({ record }) => record.connection.kind !== "local"),
    );
    const jobs = [...(session?.fleet.jobs.values() ?? [])];
    set(
      contextKeys.hasJobs,
      jobs.some(({ createdBy }) => memberOf(createdBy) === session?.identity.member),
    );
    set(contextKeys.hasSeveral, profiles.length > 1);
  }

  show();
  return { dispose: membership.listen(show) };
}
