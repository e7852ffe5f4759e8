import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as vscode from "vscode";
import { dispatchFile, type DispatchRequest } from "../../protocol/client/dispatchFile.ts";
import type { HostId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import { commandIds } from "../core/commandIds.ts";
import type { DispatchMemory } from "../core/createDispatchMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import { sentFolder } from "../core/localPlace.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import type { Script } from "../core/script.ts";
import type { JobTerminals } from "./createJobTerminals.ts";
import { openDocument } from "./scriptToDispatch.ts";
import { problemIn, showProblem } from "./showProblem.ts";
import { bytesOf, unsavedContent } from "./unsavedContent.ts";

export interface SendNeeds {
  membership: Membership;
  terminals: JobTerminals;
  memory: DispatchMemory;
  /** Asks for another host for the same order, and sends it there. */
  pickAnother: (session: FleetSession, order: Order) => Promise<void>;
}

/** What to run where. */
export interface Order {
  script: Script;
  hostId: HostId;
  /** The host's name. */
  host: string;
  args: readonly string[];
  scriptOnly: boolean;
  timeoutMs: number | null;
}

/** Sends an order as the person sees the files now, remembers it and shows its log; what goes wrong is said here. */
export async function sendDispatch(needs: SendNeeds, session: FleetSession, order: Order): Promise<void> {
  const { membership, terminals, memory } = needs;
  try {
    const job = await sendWithProgress(session, order);
    const root = await rootOf(order.script, job.script);
    memory.add({
      jobId: job.id,
      fleetId: session.identity.fleetId,
      file: order.script.uri,
      root,
      script: job.script,
      hostId: job.hostId,
      host: job.host,
      args: job.args,
      scriptOnly: order.scriptOnly,
      timeoutMs: job.timeoutMs,
      endTold: false,
    });
    if (membership.session?.identity.fleetId !== session.identity.fleetId) return; // left the fleet meanwhile
    terminals.show(membership.session, job, { source: sourceText(order, root) });
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") return;
    await offerWayOut(needs, session, order, error);
  }
}

async function sendWithProgress(session: FleetSession, order: Order): Promise<JobRecord> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `Sending ${order.script.label} to ${order.host}`,
    cancellable: true,
  };
  return await vscode.window.withProgress(options, async (_progress, cancelled) => {
    const abort = new AbortController();
    const listening = cancelled.onCancellationRequested(() => abort.abort());
    try {
      return await dispatchFile(session.client, { ...(await requestOf(order)), signal: abort.signal });
    } finally {
      listening.dispose();
    }
  });
}

/** The request for an order, with what is unsaved as it stands now. */
async function requestOf({ script, hostId, args, scriptOnly, timeoutMs }: Order): Promise<DispatchRequest> {
  const common = { host: hostId, args: [...args], timeoutMs };
  if (script.kind === "file") {
    const unsaved = await unsavedContent();
    return { ...common, file: script.path, unsaved, ...(scriptOnly ? { workspace: "script" as const } : {}) };
  }
  const document = openDocument(script.uri);
  if (!document) throw new Refusal("file-not-found", { file: script.label, reason: "it was closed unsaved" });
  return { ...common, file: script.label, text: await bytesOf(document) };
}

/** The folder that was sent, by the path that the person knows where that is possible. */
async function rootOf(script: Script, sentAs: string): Promise<string | null> {
  if (script.kind === "buffer") return null;
  const known = sentFolder(script.path, sentAs);
  if (known !== null) return known;
  const folder = await realpath(dirname(script.path)).catch(() => dirname(script.path));
  return sentFolder(join(folder, basename(script.path)), sentAs);
}

function sourceText({ script, scriptOnly }: Order, root: string | null): string {
  if (script.kind === "buffer") return "a buffer that is not saved";
  return scriptOnly ? script.path : (root ?? dirname(script.path));
}

const again = "Try Again";
const elsewhere = "Choose Another Host";
const alone = "Send the Script Alone";
const logIn = "Log In";
const joinAgain = "Join Again";

type WayOut = typeof again | typeof elsewhere | typeof alone | typeof logIn | typeof joinAgain;

/** What helps with a problem, by its code. */
const waysOut: Record<string, WayOut[]> = {
  "workspace-too-large": [alone],
  "workspace-unreadable": [alone],
  "service-unreachable": [again],
  "upload-interrupted": [again],
  "host-unreachable": [again, elsewhere],
  "host-connection-lost": [again, elsewhere],
  "host-not-found": [elsewhere],
  "needs-login": [logIn, elsewhere],
  "no-certificate": [joinAgain],
  "certificate-refused": [joinAgain],
};

async function offerWayOut(
  needs: SendNeeds,
  session: FleetSession,
  order: Order,
  error: unknown,
): Promise<void> {
  const problem = problemIn(error);
  switch (await showProblem(problem, ...(waysOut[problem.code] ?? []))) {
    case again:
      return sendDispatch(needs, session, order);
    case alone:
      return sendDispatch(needs, session, { ...order, scriptOnly: true });
    case elsewhere:
      return needs.pickAnother(session, order);
    case logIn:
      await vscode.commands.executeCommand(commandIds.logIn, { rowId: order.hostId, hostId: order.hostId });
      return;
    case joinAgain:
      await vscode.commands.executeCommand(commandIds.join);
      return;
    case undefined:
      return;
  }
}
