import * as vscode from "vscode";
import type { HostId, JobId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { localFile } from "../core/localPlace.ts";
import { jobLabel } from "../core/jobText.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { printable } from "../core/printable.ts";
import type { Script } from "../core/script.ts";
import { whyNot } from "../core/whyNot.ts";
import { words } from "../core/words/words.ts";
import {
  connectedSession,
  dispatchCommand,
  pickAndSend,
  sendOrder,
  withTrust,
  type DispatchNeeds,
} from "./dispatchCommand.ts";
import { warn } from "./notices.ts";
import { isFile, scriptOf } from "./scriptToDispatch.ts";
import type { Order } from "./sendDispatch.ts";

const { dispatch } = words;

/**
 * "Dispatch Again", on the same host with the same arguments. From a file's menu: that file. Else the active file if it was
 * dispatched before, else the one of the last dispatch, after asking where another is in front. What was never dispatched
 * is dispatched the usual way.
 */
export async function dispatchAgain(needs: DispatchNeeds, uri: vscode.Uri | undefined): Promise<void> {
  await withTrust(async () => {
    const session = await connectedSession(needs.membership);
    if (!session) return;
    const { fleetId } = session.identity;
    const active = vscode.window.activeTextEditor?.document.uri;
    const wanted = needs.memory.last(fleetId, (uri ?? active)?.toString() ?? "");
    const sent = wanted ?? (uri ? undefined : needs.memory.last(fleetId));
    if (!sent) return dispatchCommand(needs, uri);
    const script = await scriptOf(sent.file);
    if (!script) return sayNotHere(sent.script, dispatch.gone);
    const { hostId, host, args, scriptOnly, timeoutMs } = sent;
    if (!wanted && active && !(await agreesToOther(script, host))) return;
    await sendWhereItCan(needs, session, { script, hostId, host, args, scriptOnly, timeoutMs });
  });
}

/** "Run Again" of a job: the local file it was, on the same host with the same arguments. */
export async function runAgain(needs: DispatchNeeds, jobId: JobId): Promise<void> {
  await withTrust(async () => {
    const session = await connectedSession(needs.membership);
    if (!session) return;
    const job = await session.client.call("getJob", { params: { job: jobId } });
    const script = await localScript(needs, job);
    if (!script) return sayNotHere(job.script, needs.memory.of(jobId) ? dispatch.gone : dispatch.foreign);
    if (!(await agreesWithoutEnvironment(job))) return;
    const { hostId, host, args, timeoutMs } = job;
    const scriptOnly = needs.memory.of(jobId)?.scriptOnly ?? false;
    await sendWhereItCan(needs, session, { script, hostId, host, args, scriptOnly, timeoutMs });
  });
}

async function sendWhereItCan(needs: DispatchNeeds, session: FleetSession, order: Order): Promise<void> {
  const reason = reasonAgainst(needs, session, order.hostId);
  if (reason === null) return sendOrder(needs, session, order);
  const { elsewhere } = words.waysOut;
  const text = dispatch.cannotTake(order.host, order.script.label, printable(reason).replace(/\.$/, ""));
  if ((await warn(text, elsewhere)) === elsewhere) await pickAndSend(needs, session, order);
}

function reasonAgainst(
  needs: DispatchNeeds,
  { fleet, contact }: FleetSession,
  hostId: HostId,
): string | null {
  return whyNot(fleet.hosts.get(hostId), contact, needs.now());
}

/** The file that was sent, when this workspace sent it; else the script's path in an open folder. */
async function localScript(needs: DispatchNeeds, job: JobRecord): Promise<Script | undefined> {
  const sent = needs.memory.of(job.id);
  if (sent) return scriptOf(sent.file);
  for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
    const file = vscode.Uri.file(localFile(uri.fsPath, job.script));
    if (uri.scheme === "file" && (await isFile(file))) return scriptOf(file.toString());
  }
  return undefined;
}

/** Another file than the one in front would be sent. */
async function agreesToOther({ label }: Script, host: string): Promise<boolean> {
  const { againQuestion, againDetail, again } = dispatch;
  const options = { modal: true, detail: againDetail };
  return (await warn(againQuestion(label, host), options, again)) === again;
}

/** Values of environment variables are kept nowhere, so they cannot be given again. */
async function agreesWithoutEnvironment(job: JobRecord): Promise<boolean> {
  if (job.envNames.length === 0) return true;
  const { ownEnvironment, ownEnvironmentDetail, without } = dispatch;
  const answer = await warn(
    ownEnvironment(printable(jobLabel(job)), job.envNames.join(", ")),
    {
      modal: true,
      detail: ownEnvironmentDetail,
    },
    without,
  );
  return answer === without;
}

function sayNotHere(script: string, why: string): void {
  void warn(dispatch.notHere(printable(script), why));
}
