import * as vscode from "vscode";
import { commandIds } from "../core/commandIds.ts";
import type { Membership } from "../core/createMembership.ts";
import { statusBarText, type StatusBarText } from "../core/statusBarText.ts";
import { viewIds } from "../core/viewIds.ts";

const shortestMs = 1_000;
/** Ages in the tooltip go on by themselves. */
const tickMs = 10_000;

const commands: Record<StatusBarText["click"], string> = {
  "show-hosts": `${viewIds.hosts}.focus`,
  reconnect: commandIds.reconnect,
  join: commandIds.join,
};

/** The fleet at a glance in the status bar, from joining on; drawn at most once a second. */
export function createStatusBar(membership: Membership, now: () => number): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("hwledger.fleet", vscode.StatusBarAlignment.Left, 50);
  item.name = "hwLedger Fleet";
  let drawn = "";
  let timer: NodeJS.Timeout | undefined;
  let drawnAtMs = Number.NEGATIVE_INFINITY;

  function draw(): void {
    clearTimeout(timer);
    timer = undefined;
    drawnAtMs = now();
    const { session } = membership;
    if (!session) {
      drawn = "";
      return item.hide();
    }
    const next = statusBarText(session.fleet, session.contact, now());
    const text = JSON.stringify(next);
    if (text !== drawn) show(item, next);
    drawn = text;
    timer = setTimeout(draw, tickMs);
  }

  function touch(): void {
    const waitMs = Math.max(0, drawnAtMs + shortestMs - now());
    if (waitMs === 0) return draw();
    clearTimeout(timer);
    timer = setTimeout(draw, waitMs);
  }

  const stopListening = membership.listen(touch);
  return vscode.Disposable.from(item, { dispose: stopListening }, { dispose: () => clearTimeout(timer) });
}

function show(item: vscode.StatusBarItem, next: StatusBarText): void {
  item.text = next.text;
  item.tooltip = next.tooltip;
  item.accessibilityInformation = { label: next.accessibilityLabel, role: "button" };
  item.command = commands[next.click];
  item.backgroundColor =
    next.tone === "warning" ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  item.show();
}
