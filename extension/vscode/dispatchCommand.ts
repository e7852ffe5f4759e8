import { dirname } from "node:path";
import * as vscode from "vscode";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { HostId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { commandIds } from "../core/commandIds.ts";
import type { Membership } from "../core/createMembership.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { rankHosts, type HostChoice } from "../core/rankHosts.ts";
import { whenFleetKnown } from "../core/whenFleetKnown.ts";
import type { JobNotices } from "./createJobNotices.ts";
import type { JobTerminals } from "./createJobTerminals.ts";
import { fileToDispatch } from "./fileToDispatch.ts";
import { problemIn, showProblem } from "./showProblem.ts";

export interface DispatchNeeds {
  membership: Membership;
  terminals: JobTerminals;
  notices: JobNotices;
  now: () => number;
}

/** "Dispatch to GPU host": which file, where, send it, show its log. */
export async function dispatchCommand(needs: DispatchNeeds, uri: vscode.Uri | undefined): Promise<void> {
  try {
    if (!(await isTrusted())) return;
    const file = await fileToDispatch(uri);
    if (file === undefined) return;
    const session = await connectedSession(needs.membership);
    if (session === undefined) return;
    const choice = await pickHost(session, needs.now, file);
    if (choice) await dispatchTo(needs, session, { file, hostId: choice.hostId, host: choice.name });
  } catch (error) {
    await showProblem(problemIn(error));
  }
}

async function isTrusted(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = "Manage Workspace Trust";
  const answer = await vscode.window.showWarningMessage(
    "Dispatching runs this folder's code on your machines. Trust the workspace first.",
    manage,
  );
  if (answer === manage) await vscode.commands.executeCommand("workbench.trust.manage");
  return false;
}

/** A session that is connected and knows its fleet; otherwise says what is missing and answers with undefined. */
async function connectedSession(membership: Membership): Promise<FleetSession | undefined> {
  const session = (await membership.ready()) ?? (await offerJoining(membership));
  if (!session) return undefined;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: "Connecting to the fleet" },
    () => whenFleetKnown(session),
  );
  const { contact } = session;
  if (contact.kind === "lost" || contact.kind === "refused") {
    const button = contact.kind === "lost" ? "Reconnect" : "Join Again";
    const answer = await showProblem(contact.problem, button);
    if (answer === "Reconnect") membership.reconnect();
    if (answer === "Join Again") await vscode.commands.executeCommand(commandIds.join);
    return undefined;
  }
  return session;
}

async function offerJoining(membership: Membership): Promise<FleetSession | null | undefined> {
  const answer = await vscode.window.showInformationMessage(
    "This editor is in no fleet yet. Start one with “npm start” or “hwledger up” and join it by the link it prints.",
    "Join a Fleet",
  );
  if (answer !== "Join a Fleet") return undefined;
  await vscode.commands.executeCommand(commandIds.join);
  return membership.session;
}

async function pickHost(
  session: FleetSession,
  now: () => number,
  file: string,
): Promise<HostChoice | undefined> {
  const choices = rankHosts(session.fleet, session.contact, now());
  if (choices.length === 0) {
    void vscode.window.showInformationMessage(
      "The fleet has no hosts yet. Add one with “hwledger host add NAME”.",
    );
    return undefined;
  }
  const items = choices.flatMap((choice, at) => {
    const heading = headings[choice.fit];
    const isFirst = choices[at - 1]?.fit !== choice.fit;
    const item = { choice, label: choice.name, description: choice.description, detail: choice.detail };
    const separator = { label: heading, kind: vscode.QuickPickItemKind.Separator, choice };
    return isFirst ? [separator, item] : [item];
  });
  const picked = await vscode.window.showQuickPick(items, {
    title: `Dispatch ${vscode.workspace.asRelativePath(file)} to`,
    placeHolder: "A host, best first",
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.choice;
}

const headings = {
  ready: "GPU free",
  possible: "no GPU known to be free",
  doubtful: "does not answer",
} as const;

interface Target {
  file: string;
  hostId: HostId;
  host: string;
  scriptOnly?: boolean;
}

async function dispatchTo(needs: DispatchNeeds, session: FleetSession, target: Target): Promise<void> {
  const { membership, terminals, notices } = needs;
  try {
    const job = await send(session, target);
    if (membership.session?.identity.fleetId !== session.identity.fleetId) return; // left the fleet meanwhile
    const source = target.scriptOnly ? target.file : dirname(target.file);
    terminals.show(membership.session, job, { source });
    notices.expect(session, job.id);
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") return;
    await offerWayOut(needs, session, target, error);
  }
}

async function send(session: FleetSession, { file, hostId, host, scriptOnly }: Target): Promise<JobRecord> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `Sending ${vscode.workspace.asRelativePath(file)} to ${host}`,
    cancellable: true,
  };
  return await vscode.window.withProgress(options, async (_progress, cancelled) => {
    const abort = new AbortController();
    const listening = cancelled.onCancellationRequested(() => abort.abort());
    try {
      const request = { file, host: hostId, signal: abort.signal };
      return await dispatchFile(session.client, scriptOnly ? { ...request, workspace: "script" } : request);
    } finally {
      listening.dispose();
    }
  });
}

async function offerWayOut(
  needs: DispatchNeeds,
  session: FleetSession,
  target: Target,
  error: unknown,
): Promise<void> {
  const problem = problemIn(error);
  const again = "Try Again";
  const scriptOnly = "Send the Script Alone";
  const buttons: Record<string, string[]> = {
    "workspace-too-large": [scriptOnly],
    "workspace-unreadable": [scriptOnly],
    "service-unreachable": [again],
    "upload-interrupted": [again],
    "host-unreachable": [again],
    "host-connection-lost": [again],
    "needs-login": ["Log In"],
    "no-certificate": ["Join Again"],
    "certificate-refused": ["Join Again"],
  };
  switch (await showProblem(problem, ...(buttons[problem.code] ?? []))) {
    case again:
      return dispatchTo(needs, session, target);
    case scriptOnly:
      return dispatchTo(needs, session, { ...target, scriptOnly: true });
    case "Log In":
      await vscode.commands.executeCommand(commandIds.logIn, { rowId: target.hostId, hostId: target.hostId });
      return;
    case "Join Again":
      await vscode.commands.executeCommand(commandIds.join);
      return;
    case undefined:
      return;
  }
}
