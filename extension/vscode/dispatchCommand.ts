import { basename, dirname } from "node:path";
import * as vscode from "vscode";
import { workspaceOf } from "../../protocol/client/dispatchFile.ts";
import { awayText } from "../core/awayText.ts";
import { commandIds } from "../core/commandIds.ts";
import { assertRole } from "../core/commandRoles.ts";
import { connectionMessage } from "../core/connectionMessage.ts";
import type { DispatchMemory } from "../core/createDispatchMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import { followSession } from "../core/followSession.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import type { Script } from "../core/script.ts";
import { waysBack } from "../core/waysBack.ts";
import { whenFleetKnown } from "../core/whenFleetKnown.ts";
import { words } from "../core/words/words.ts";
import type { JobTerminals } from "./createJobTerminals.ts";
import { fail, warn } from "./notices.ts";
import { offerFleet } from "./offerFleet.ts";
import { pickHost, type Sends } from "./pickHost.ts";
import { scriptToDispatch } from "./scriptToDispatch.ts";
import { sendDispatch, type Order } from "./sendDispatch.ts";
import { problemIn, showProblem } from "./showProblem.ts";

export interface DispatchNeeds {
  membership: Membership;
  terminals: JobTerminals;
  memory: DispatchMemory;
  now: () => number;
}

/** "Dispatch to GPU host": which file, where, send it, show its log. */
export async function dispatchCommand(needs: DispatchNeeds, uri: vscode.Uri | undefined): Promise<void> {
  await withTrust(async () => {
    const script = await scriptToDispatch(uri);
    const session = script && (await connectedSession(needs.membership));
    if (!script || !session) return;
    const args = needs.memory.argsOf(script.uri);
    const scriptOnly = isSentAlone(needs.memory, script);
    await pickAndSend(needs, session, { script, args, scriptOnly, timeoutMs: null });
  });
}

/** Whether a script goes without its folder: as was chosen for it, else where it is in no open folder, whose neighbours nobody spoke of. */
export function isSentAlone(memory: Pick<DispatchMemory, "scriptOnlyOf">, { kind, uri }: Script): boolean {
  const isOutside = vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(uri)) === undefined;
  return memory.scriptOnlyOf(uri) ?? (kind === "buffer" || isOutside);
}

/** Asks where to run the order, and sends it there. */
export async function pickAndSend(
  needs: DispatchNeeds,
  session: FleetSession,
  order: Omit<Order, "hostId" | "host">,
): Promise<void> {
  const { script, args, scriptOnly } = order;
  const { membership, memory, now } = needs;
  const sends = await sendsOf(script);
  const followed = followSession(membership, session, () => undefined);
  const picked = pickHost({
    session: () => followed.session,
    now,
    label: script.label,
    args,
    onArgs: (edited) => memory.setArgs(script.uri, edited),
    sends,
    scriptOnly,
    onScriptOnly: (chosen) => memory.setScriptOnly(script.uri, chosen),
  });
  const placement = await picked.finally(() => followed.stop());
  if (!placement) return;
  const { hostId, name: host } = placement.choice;
  const chosen = { args: placement.args, scriptOnly: placement.scriptOnly };
  await sendOrder(needs, followed.session, { ...order, ...chosen, hostId, host });
}

/** What may go along with a script, by name; null where it has no neighbours. */
async function sendsOf(script: Script): Promise<Sends | null> {
  if (script.kind === "buffer") return null;
  // Where git fails so does the dispatch, and says why.
  const folder = await workspaceOf(script.path).catch(() => dirname(script.path));
  return { script: basename(script.path), folder: basename(folder) || folder };
}

/** Sends the order; where its host cannot take it, another can be chosen. */
export function sendOrder(needs: DispatchNeeds, session: FleetSession, order: Order): Promise<void> {
  const pickAnother = (at: FleetSession, same: Order) => pickAndSend(needs, at, same);
  return sendDispatch({ ...needs, pickAnother }, session, order);
}

/** Runs what sends this folder's code away, in a trusted workspace only; what goes wrong is said. */
export async function withTrust(run: () => Promise<void>): Promise<void> {
  try {
    if (await isTrusted()) await run();
  } catch (error) {
    await showProblem(problemIn(error));
  }
}

async function isTrusted(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const { needsTrust, manageTrust } = words.dispatch;
  const answer = await warn(needsTrust, manageTrust);
  if (answer === manageTrust) await vscode.commands.executeCommand("workbench.trust.manage");
  return false;
}

/**
 * A session that is connected, knows its fleet and may dispatch there; otherwise says what is missing and answers with
 * undefined.
 */
export async function connectedSession(membership: Membership): Promise<FleetSession | undefined> {
  const session = (await membership.ready()) ?? (await offerFleet(membership));
  if (!session) return undefined;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: words.dispatch.connecting },
    () =>
      whenFleetKnown(session).catch((error: unknown) => {
        if (!session.isClosed) throw error;
      }),
  );
  if (session.isClosed) return connectedSession(membership);
  const { contact } = session;
  if (contact.kind === "lost" || contact.kind === "refused") {
    // The same sentence and the same button as above the hosts.
    const { label, run } = waysBack[awayText(contact.problem, membership.place).way];
    const text = connectionMessage(session.fleet, contact, membership.place) ?? "";
    const answer = await fail(text, label);
    if (answer !== undefined) await vscode.commands.executeCommand(commandIds[run]);
    return undefined;
  }
  assertRole(session, commandIds.dispatch);
  return session;
}
