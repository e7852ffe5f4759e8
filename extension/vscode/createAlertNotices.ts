import * as vscode from "vscode";
import { alertSettings } from "../core/alertSettings.ts";
import { alertText } from "../core/alertText.ts";
import { commandIds } from "../core/commandIds.ts";
import type { FleetLog } from "../core/createLogMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import { decideAlerts, lookEveryMs, noAlerts, type HostAlert, type Notice } from "../core/decideAlerts.ts";
import { alertWords } from "../core/words/alertWords.ts";
import { printable } from "../core/printable.ts";
import type { AlertMarks } from "./alertMarks.ts";
import { inform, warn } from "./notices.ts";
import { problemIn } from "./showProblem.ts";

/** The window in front is first to tell; the others tell only what it has not. */
const behindMs = 3_000;

/** Tells of hosts and GPUs that need somebody, by what the fleet's stream brings anyway: no host is asked for more. */
export function createAlertNotices(needs: {
  membership: Membership;
  marks: AlertMarks;
  now: () => number;
  log: FleetLog;
}): vscode.Disposable {
  const { membership, now } = needs;
  let state = noAlerts;
  let fleetId: string | null = null;
  const waits = new Set<NodeJS.Timeout>();

  function isLive(): boolean {
    const { session } = membership;
    return session?.contact.kind === "live" && session.fleet.isKnown;
  }

  function look(): void {
    const { session } = membership;
    if (!session || session.identity.fleetId !== fleetId) state = noAlerts;
    fleetId = session?.identity.fleetId ?? null;
    if (!session) return;
    const configuration = vscode.workspace.getConfiguration();
    const settings = alertSettings((id) => configuration.get(id));
    const hosts = [...session.fleet.hosts.values()];
    const decided = decideAlerts(state, { hosts, isLive: isLive(), nowMs: now() }, settings);
    ({ state } = decided);
    for (const notice of decided.notices) inTurn(notice, settings.pauseMs);
  }

  function inTurn(notice: Notice, pauseMs: number): void {
    const tell = () =>
      void tellOf(notice, pauseMs, needs).catch((error: unknown) =>
        needs.log.warn(alertWords.notKept(problemIn(error).detail)),
      );
    if (vscode.window.state.focused) return tell();
    const wait = setTimeout(() => {
      waits.delete(wait);
      tell();
    }, behindMs);
    waits.add(wait);
  }

  const timer = setInterval(look, lookEveryMs);
  const stop = membership.listen(() => {
    if (!isLive()) look(); // contact may be back before the next look
  });
  return {
    dispose() {
      stop();
      clearInterval(timer);
      for (const wait of waits) clearTimeout(wait);
    },
  };
}

async function tellOf(
  notice: Notice,
  pauseMs: number,
  { marks, log }: { marks: AlertMarks; log: FleetLog },
): Promise<void> {
  const ours: HostAlert[] = [];
  for (const alert of notice) if (await marks.claim(alert, pauseMs)) ours.push(alert);
  const [first] = ours;
  if (first === undefined) return log.debug(alertWords.toldElsewhere, alertText(notice));
  const { showHost, showDashboard, mute, settings } = alertWords;
  const buttons = ours.length > 1 ? [showDashboard, settings] : [showHost, mute, settings];
  const show = first.kind === "back" ? inform : warn;
  const chosen = await show(alertText(ours), ...buttons);
  const { hostId, host } = first;
  const run = (id: string, ...rest: unknown[]) => vscode.commands.executeCommand(id, ...rest);
  if (chosen === showHost) await run(commandIds.openHost, { rowId: hostId, hostId });
  if (chosen === showDashboard) await run(commandIds.openDashboard);
  if (chosen === settings) await run("workbench.action.openSettings", "hwledger.alerts");
  if (chosen !== mute) return;
  await marks.mute(hostId);
  void inform(alertWords.muted(printable(host)));
}
