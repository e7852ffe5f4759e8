import * as vscode from "vscode";
import { commandIds } from "../core/commandIds.ts";
import { mayRun } from "../core/commandRoles.ts";
import type { Membership } from "../core/createMembership.ts";
import { markdownText } from "../core/markdown.ts";
import { statusBarText, type StatusBarText } from "../core/statusBarText.ts";
import type { LedgerView } from "./createLedgerView.ts";
import { viewIds } from "../core/viewIds.ts";
import { words } from "../core/words/words.ts";

const shortestMs = 1_000;
/** Ages in the tooltip go on by themselves. */
const tickMs = 10_000;

const commands: Record<StatusBarText["click"], string> = {
  dashboard: commandIds.openDashboard,
  hosts: `${viewIds.hosts}.focus`,
  ledger: `${viewIds.ledger}.focus`,
  answer: commandIds.answerHosts,
  reconnect: commandIds.reconnect,
  join: commandIds.join,
  renew: commandIds.renew,
  rejoin: commandIds.startOwnService,
  start: commandIds.startOwnService,
  restart: commandIds.restartService,
};
const backgrounds: Record<StatusBarText["tone"], string | null> = {
  normal: null,
  warning: "statusBarItem.warningBackground",
  error: "statusBarItem.errorBackground",
};

/** The fleet at a glance in the status bar, from joining on; drawn at most once a second. With several fleets also which. */
export function createStatusBar(
  membership: Membership,
  ledger: Pick<LedgerView, "isBroken" | "onDidJudge">,
  now: () => number,
): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("hwledger.fleet", vscode.StatusBarAlignment.Left, 50);
  item.name = words.extensionName;
  const fleetItem = vscode.window.createStatusBarItem("hwledger.which", vscode.StatusBarAlignment.Left, 49.9);
  fleetItem.name = words.statusBar.whichName;
  fleetItem.command = commandIds.switchFleet;
  let drawn = "";
  let timer: NodeJS.Timeout | undefined;
  let drawnAtMs = Number.NEGATIVE_INFINITY;

  function draw(): void {
    clearTimeout(timer);
    timer = undefined;
    drawnAtMs = now();
    const { session } = membership;
    drawFleet();
    if (!session) {
      drawn = "";
      return item.hide();
    }
    const { fleet, contact, identity, prompts } = session;
    const mayLogIn = mayRun(commandIds.logIn, identity.role);
    const { place } = membership;
    const next = statusBarText(fleet, contact, now(), prompts, place, ledger.isBroken, mayLogIn);
    const text = JSON.stringify(next);
    if (text !== drawn) show(item, next);
    drawn = text;
    timer = setTimeout(draw, tickMs);
  }

  function drawFleet(): void {
    const { profile, profiles } = membership;
    if (profile === null || profiles.length < 2) return fleetItem.hide();
    fleetItem.text = `$(arrow-swap) ${profile.label}`;
    fleetItem.tooltip = words.statusBar.switch(profile.label);
    fleetItem.show();
  }

  function touch(): void {
    const waitMs = Math.max(0, drawnAtMs + shortestMs - now());
    if (waitMs === 0) return draw();
    clearTimeout(timer);
    timer = setTimeout(draw, waitMs);
  }

  const stopListening = membership.listen(touch);
  return vscode.Disposable.from(item, fleetItem, { dispose: stopListening }, ledger.onDidJudge(touch), {
    dispose: () => clearTimeout(timer),
  });
}

function show(item: vscode.StatusBarItem, next: StatusBarText): void {
  item.text = next.text;
  item.tooltip = tooltip(next);
  item.accessibilityInformation = { label: words.statusBar.spoken(next.lines.join(", ")), role: "button" };
  item.command = commands[next.click];
  const background = backgrounds[next.tone];
  item.backgroundColor = background === null ? undefined : new vscode.ThemeColor(background);
  item.show();
}

/** The lines, and links to what one may want next. */
function tooltip({ lines }: StatusBarText): vscode.MarkdownString {
  const links = [
    [words.statusBar.dashboard, commandIds.openDashboard],
    [words.statusBar.members, commandIds.openMembers],
    [words.statusBar.switchLink, commandIds.switchFleet],
  ] as const;
  const text = new vscode.MarkdownString(
    `${lines.map(markdownText).join("\n\n")}\n\n${links.map(([label, id]) => `[${label}](command:${id})`).join(" · ")}`,
  );
  text.isTrusted = { enabledCommands: links.map(([, id]) => id) };
  return text;
}
