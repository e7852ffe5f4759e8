import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import * as vscode from "vscode";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { HostId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import { commandIds } from "../core/commandIds.ts";
import type { DispatchMemory } from "../core/createDispatchMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import { formatBytes } from "../core/figures.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import type { Script } from "../core/script.ts";
import { words } from "../core/words/words.ts";
import { cancellable, isCancelled } from "./cancellable.ts";
import type { JobTerminals } from "./createJobTerminals.ts";
import { dispatchRequestOf } from "./dispatchRequestOf.ts";
import { inform } from "./notices.ts";
import { rememberSent } from "./rememberSent.ts";
import { saveNotebooks } from "./saveNotebooks.ts";
import { openDocument } from "./scriptToDispatch.ts";
import { showLogOf } from "./showLogOf.ts";
import { problemIn, showProblem } from "./showProblem.ts";

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

/** A try to send an order. */
interface Attempt {
  order: Order;
  /** That of an earlier try whose answer was lost. */
  key: string;
  /** The document of a script that is in no file: another one may have its name by the time of the next try. */
  buffer: vscode.TextDocument | undefined;
}

/** Sends an order as the person sees the files now, remembers it and shows its log; what goes wrong is said here. */
export async function sendDispatch(needs: SendNeeds, session: FleetSession, order: Order): Promise<void> {
  const { script, scriptOnly } = order;
  const buffer = script.kind === "buffer" ? openDocument(script.uri) : undefined;
  if (await saveNotebooks(script, scriptOnly))
    await attempt(needs, session, { order, key: randomUUID(), buffer });
}

async function attempt(needs: SendNeeds, session: FleetSession, tried: Attempt): Promise<void> {
  const { membership, terminals, memory } = needs;
  const { order, buffer } = tried;
  const { script, scriptOnly } = order;
  try {
    if (buffer?.isClosed)
      throw new Refusal("file-not-found", { file: script.label, reason: words.dispatch.closedUnsaved });
    const job = await sendWithProgress(session, order, tried.key);
    memory.setArgs(script.uri, job.args);
    const { root } = await rememberSent(memory, session, job, { script, scriptOnly });
    if (buffer?.isClosed) memory.forgetBuffer(script.uri);
    const { fleetId } = session.identity;
    if (membership.session?.identity.fleetId !== fleetId)
      return await sayElsewhere(needs, fleetId, order, job);
    terminals.show(membership.session, job, { source: sourceText(order, root) });
  } catch (error) {
    if (isCancelled(error)) return;
    await offerWayOut(needs, session, tried, error);
  }
}

/** It has started in a fleet that the window shows no more. */
async function sayElsewhere(
  { membership, terminals }: SendNeeds,
  fleetId: string,
  { script, host }: Order,
  job: JobRecord,
): Promise<void> {
  if (!membership.profiles.some(({ identity }) => identity.fleetId === fleetId)) return; // left meanwhile
  const { noticeShowLog } = words.job;
  const answer = await inform(words.dispatch.sentElsewhere(script.label, host), noticeShowLog);
  if (answer === noticeShowLog) showLogOf(membership, terminals, fleetId, job);
}

function sendWithProgress(session: FleetSession, order: Order, idempotencyKey: string): Promise<JobRecord> {
  return cancellable(words.dispatch.sending(order.script.label, order.host), async (signal, report) => {
    const request = await dispatchRequestOf(order.script, { ...order, host: order.hostId });
    const onSent = (bytes: number, ofBytes: number) =>
      report(words.dispatch.sent(formatBytes(bytes), formatBytes(ofBytes)), (bytes / ofBytes) * 100);
    return dispatchFile(session.client, { ...request, idempotencyKey, signal, onSent });
  });
}

function sourceText({ script, scriptOnly }: Order, root: string | null): string {
  if (script.kind === "buffer") return words.dispatch.unsavedBuffer;
  return scriptOnly ? script.path : (root ?? dirname(script.path));
}

const { again, elsewhere, alone, logIn, joinAgain } = words.waysOut;

type WayOut = typeof again | typeof elsewhere | typeof alone | typeof logIn | typeof joinAgain;

/** What helps with a problem, by its code. */
const waysOut: Record<string, WayOut[]> = {
  "workspace-too-large": [alone],
  "workspace-unreadable": [alone],
  "service-unreachable": [again],
  "idempotency-mismatch": [again],
  "upload-interrupted": [again],
  "host-unreachable": [again, elsewhere],
  "host-connection-lost": [again, elsewhere],
  "host-not-found": [elsewhere],
  "needs-login": [logIn, elsewhere],
  "no-certificate": [joinAgain],
  "certificate-refused": [joinAgain],
  "certificate-expired": [joinAgain],
};

async function offerWayOut(
  needs: SendNeeds,
  session: FleetSession,
  tried: Attempt,
  error: unknown,
): Promise<void> {
  const problem = problemIn(error);
  const { order, key } = tried;
  /** The person may have taken long to answer: the connection to the same fleet may be another by then. */
  const current = (): FleetSession => {
    const now = needs.membership.session;
    return now?.identity.fleetId === session.identity.fleetId ? now : session;
  };
  switch (await showProblem(problem, ...(waysOut[problem.code] ?? []))) {
    case again:
      // Only where nobody knows whether it was taken: what has failed is to be made anew.
      return attempt(needs, current(), {
        ...tried,
        key: problem.code === "service-unreachable" ? key : randomUUID(),
      });
    case alone:
      needs.memory.setScriptOnly(order.script.uri, true);
      return attempt(needs, current(), {
        ...tried,
        key: randomUUID(),
        order: { ...order, scriptOnly: true },
      });
    case elsewhere:
      return needs.pickAnother(current(), order);
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
