import type { Contact } from "./contact.ts";
import { formatAge, formatRate } from "./figures.ts";
import type { FleetState } from "./fleetState.ts";
import { gpuUse } from "./gpuUse.ts";
import { plainWords } from "./plainWords.ts";

/** The status bar entry. `text` may hold `$(codicon)`; `tooltip` is plain text. */
export interface StatusBarText {
  text: string;
  tooltip: string;
  accessibilityLabel: string;
  /** `warning`: drawn on the warning colour. */
  tone: "normal" | "warning";
  /** What a click does. */
  click: "show-hosts" | "reconnect" | "join";
}

/** What the status bar says of the fleet. Never figures without contact. */
export function statusBarText(fleet: FleetState, contact: Contact, nowMs: number): StatusBarText {
  switch (contact.kind) {
    case "connecting":
      return {
        text: "$(sync~spin) hwLedger",
        tooltip: "Connecting to the fleet's service",
        accessibilityLabel: "hwLedger: connecting to the fleet's service",
        tone: "normal",
        click: "reconnect",
      };
    case "lost":
      return lost(
        `Not connected to the fleet's service for ${formatAge(nowMs - contact.sinceMs)}. ${contact.problem.detail}\nTrying again by itself; click to try now.`,
      );
    case "refused":
      return {
        ...lost(plainWords(`${contact.problem.title}. ${contact.problem.detail}\n${contact.problem.next}`)),
        click: /^(no-certificate|certificate-refused|service-untrusted)$/.test(contact.problem.code)
          ? "join"
          : "reconnect",
      };
    case "live":
      return live(fleet);
  }
}

function lost(tooltip: string): StatusBarText {
  return {
    text: "$(debug-disconnect) hwLedger: not connected",
    tooltip,
    accessibilityLabel: `hwLedger: not connected. ${tooltip}`,
    tone: "warning",
    click: "reconnect",
  };
}

function live(fleet: FleetState): StatusBarText {
  const use = gpuUse(fleet);
  const parts = [use.gpus === 0 ? "no GPUs" : `${use.busy}/${use.gpus} GPUs`];
  if (use.meanUtilizationPct !== null) parts.push(`${Math.round(use.meanUtilizationPct)} %`);
  if (use.microUsdPerHour !== null) parts.push(formatRate(use.microUsdPerHour));
  const lines = [
    `${use.onlineHosts} of ${use.hosts} hosts online`,
    `${use.busy} of ${use.gpus} GPUs busy${use.unknown > 0 ? `, ${use.unknown} unknown` : ""}`,
    ...(use.meanUtilizationPct === null
      ? []
      : [`${Math.round(use.meanUtilizationPct)} % utilised on average`]),
    ...(use.microUsdPerHour === null
      ? []
      : [`${formatRate(use.microUsdPerHour)} for the hosts online with a rate`]),
  ];
  return {
    text: `$(chip) ${parts.join(" · ")}`,
    tooltip: lines.join("\n"),
    accessibilityLabel: `hwLedger: ${lines.join(", ")}`,
    tone: "normal",
    click: "show-hosts",
  };
}
