import * as vscode from "vscode";
import { formatDuration } from "../../protocol/duration.ts";
import { parseRate } from "../core/figures.ts";
import type { KnownHost } from "../core/fleetState.ts";
import { hostsInOrder } from "../core/fleetState.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { printable } from "../core/printable.ts";
import { hostParts } from "../core/treeRows.ts";
import { whenFleetKnown } from "../core/whenFleetKnown.ts";
import { words } from "../core/words/words.ts";
import { askInList } from "./askInList.ts";
import { cancellable, isCancelled } from "./cancellable.ts";
import type { RowHandle } from "./createHostsView.ts";
import { openHostTerminal } from "./hostTerminal.ts";
import { inform, warn } from "./notices.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** Asks what a host costs per hour and keeps it in the fleet. */
export async function setRate(session: FleetSession, row: RowHandle | undefined): Promise<void> {
  const host = await hostFor(session, row, words.rate.setOf);
  if (!host) return;
  const { id, name, rateMicroUsdPerHour: rate } = host.record;
  const text = await vscode.window.showInputBox({
    title: words.rate.title(name),
    prompt: words.rate.prompt,
    placeHolder: words.rate.placeHolder,
    value: rate === null ? "" : String(rate / 1_000_000),
    validateInput: (typed) => (parseRate(typed) === undefined ? words.rate.rule : undefined),
    ignoreFocusOut: true,
  });
  const next = text === undefined ? undefined : parseRate(text);
  if (next === undefined || next === rate) return;
  try {
    await session.client.call("changeHost", { params: { host: id }, body: { rateMicroUsdPerHour: next } });
  } catch (error) {
    await showProblem(problemIn(error));
  }
}

/** Connects to a host now; what it asks is asked here. */
export async function logIn(session: FleetSession, row: RowHandle | undefined): Promise<void> {
  const host = await hostFor(session, row, words.hosts.logInTo);
  if (host && (await connect(session, host))) void inform(words.hosts.connected(host.record.name));
}

async function connect(session: FleetSession, { record: { id, name } }: KnownHost): Promise<boolean> {
  try {
    await cancellable(words.hosts.connecting(name), (signal) =>
      // A person may take a while to answer.
      session.attend(name, () =>
        session.client.call("loginHost", { params: { host: id } }, { silenceMs: 300_000, signal }),
      ),
    );
    return true;
  } catch (error) {
    if (!isCancelled(error)) await showProblem(problemIn(error));
    return false;
  }
}

/** Connects to a host and reads it now, and says how long that took; what it asks is asked here. */
export async function testConnection(
  session: FleetSession,
  row: RowHandle | undefined,
  now: () => number,
): Promise<void> {
  const host = await hostFor(session, row, words.hosts.testing);
  if (!host) return;
  const beganAtMs = now();
  const isConnected = await connect(session, host);
  if (!isConnected) return;
  const took = formatDuration(Math.max(1_000, now() - beganAtMs));
  void inform(words.hosts.testOk(host.record.name, took));
}

/** Sets the agent up on a host, after saying what that means; what the host asks is asked here. */
export async function installAgent(session: FleetSession, row: RowHandle | undefined): Promise<void> {
  const host = await hostFor(session, row, words.hosts.installAgentOn);
  if (!host) return;
  const { id, name } = host.record;
  const { install, installQuestion, installDetail, installing, installed } = words.hosts;
  const answer = await inform(installQuestion(name), { modal: true, detail: installDetail }, install);
  if (answer !== install) return;
  try {
    await cancellable(installing(name), (signal) =>
      session.attend(name, () =>
        session.client.call("installAgent", { params: { host: id } }, { silenceMs: 300_000, signal }),
      ),
    );
    void inform(installed(name));
  } catch (error) {
    if (!isCancelled(error)) await showProblem(problemIn(error));
  }
}

/** Opens a shell on a host in a terminal. */
export async function openTerminal(
  session: FleetSession,
  row: RowHandle | undefined,
  isServiceHere: boolean,
): Promise<void> {
  const host = await hostFor(session, row, words.hosts.terminalOn);
  if (host) openHostTerminal(host, isServiceHere);
}

/** Takes a host out of the fleet, after asking. */
export async function removeHost(session: FleetSession, row: RowHandle | undefined): Promise<void> {
  const host = await hostFor(session, row, words.hosts.removeFrom);
  if (!host) return;
  const { id, name, activeJobs } = host.record;
  if (activeJobs > 0) return await removeBusyHost(session, host);
  const { remove, removeQuestion, removeDetail } = words.hosts;
  const options = { modal: true, detail: removeDetail };
  const answer = await warn(removeQuestion(name), options, remove);
  if (answer !== remove) return;
  try {
    await session.client.call("removeHost", { params: { host: id } });
  } catch (error) {
    const problem = problemIn(error);
    if (problem.code === "host-busy") await removeBusyHost(session, host);
    else await showProblem(problem);
  }
}

/** A host that is gone for good would keep its jobs, and itself, for ever. */
async function removeBusyHost(session: FleetSession, { record: { id, name } }: KnownHost): Promise<void> {
  const { removeBusy, removeBusyDetail, removeAnyway } = words.hosts;
  const options = { modal: true, detail: removeBusyDetail };
  const answer = await warn(removeBusy(name), options, removeAnyway);
  if (answer !== removeAnyway) return;
  try {
    await session.client.call("removeHost", { params: { host: id }, query: { force: "1" } });
  } catch (error) {
    await showProblem(problemIn(error));
  }
}

/** The row's host, or one from a pick list. */
export async function hostFor(
  session: FleetSession,
  row: RowHandle | undefined,
  title: string,
): Promise<KnownHost | undefined> {
  const known = row?.hostId ? session.fleet.hosts.get(row.hostId) : undefined;
  if (known) return known;
  await whenFleetKnown(session);
  const items = hostsInOrder(session.fleet).map((host) => ({
    host,
    label: host.record.name,
    description: printable(hostParts(host, session.contact, Date.now()).join(" · ")),
    iconPath: new vscode.ThemeIcon("vm"),
  }));
  const options = { title, placeholder: words.hosts.choose };
  return (await askInList(items, options))?.host;
}
