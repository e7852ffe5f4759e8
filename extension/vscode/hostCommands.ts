import * as vscode from "vscode";
import { parseRate } from "../core/figures.ts";
import type { KnownHost } from "../core/fleetState.ts";
import { hostsInOrder } from "../core/fleetState.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { whenFleetKnown } from "../core/whenFleetKnown.ts";
import type { RowHandle } from "./createHostsView.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** Asks what a host costs per hour and keeps it in the fleet. */
export async function setRate(session: FleetSession, row: RowHandle | undefined): Promise<void> {
  const host = await hostFor(session, row, "Set the rate of");
  if (!host) return;
  const { id, name, rateMicroUsdPerHour: rate } = host.record;
  const text = await vscode.window.showInputBox({
    title: `What ${name} costs`,
    prompt: "US dollars per hour; leave it empty when nobody knows",
    placeHolder: "0.44",
    value: rate === null ? "" : String(rate / 1_000_000),
    validateInput: (typed) =>
      parseRate(typed) === undefined ? "An amount such as 0.44, with at most six decimals" : undefined,
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
  const host = await hostFor(session, row, "Log in to");
  if (!host) return;
  const { id, name } = host.record;
  try {
    const options = { location: vscode.ProgressLocation.Notification, title: `Connecting to ${name}` };
    await vscode.window.withProgress(options, () =>
      // A person may take a while to answer.
      session.client.call("loginHost", { params: { host: id } }, { silenceMs: 300_000 }),
    );
    void vscode.window.showInformationMessage(`${name} is connected.`);
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
  const known = row && session.fleet.hosts.get(row.hostId);
  if (known) return known;
  await whenFleetKnown(session);
  const items = hostsInOrder(session.fleet).map((host) => ({ host, label: host.record.name }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: "A host" }))?.host;
}
