import type { Prompt } from "../../protocol/prompt.ts";
import { awayText, type WayBack } from "./awayText.ts";
import type { Contact } from "./contact.ts";
import { formatAge, formatRate } from "./figures.ts";
import type { FleetPlace } from "./fleetPlace.ts";
import type { FleetState } from "./fleetState.ts";
import { gpuUse } from "./gpuUse.ts";

/** The status bar entry. `text` may hold `$(codicon)`; `lines` are the tooltip, plain text each. */
export interface StatusBarText {
  text: string;
  lines: readonly string[];
  /** `error`: something waits for a person. `warning`: there is no contact. Drawn on those colours. */
  tone: "normal" | "warning" | "error";
  /** What a click does. */
  click: "dashboard" | "hosts" | "ledger" | "answer" | WayBack;
}

const clicks: Record<WayBack, string> = {
  reconnect: "Click to try again.",
  join: "Click to join again.",
  renew: "Click to ask to come back.",
  rejoin: "Click to join again.",
  start: "Click to start it.",
  restart: "Click to restart it.",
};

/** What the status bar says of the fleet. Never figures without contact. `waiting`: questions of hosts to a person; `mayLogIn`: whether the member's role lets it do what hosts need. */
export function statusBarText(
  fleet: FleetState,
  contact: Contact,
  nowMs: number,
  waiting: readonly Prompt[] = [],
  place: FleetPlace = "elsewhere",
  isLedgerBroken = false,
  mayLogIn = true,
): StatusBarText {
  switch (contact.kind) {
    case "connecting":
      return {
        text: "$(sync~spin) hwLedger",
        lines: ["Connecting to the fleet's service"],
        tone: "normal",
        click: "dashboard",
      };
    case "lost": {
      const { what, way } = awayText(contact.problem, place);
      const lines = [
        `Not connected for ${formatAge(nowMs - contact.sinceMs)}: ${what}`,
        way === "reconnect" ? "Trying again by itself; click to try now." : clicks[way],
      ];
      return { ...lost(lines), click: way };
    }
    case "refused": {
      const { what, next, way } = awayText(contact.problem, place);
      const text = "$(error) hwLedger: not connected";
      return { ...lost([`Not connected: ${what}`, next, clicks[way]]), text, tone: "error", click: way };
    }
    case "live":
      return live(fleet, waiting, isLedgerBroken, mayLogIn);
  }
}

function lost(lines: string[]): StatusBarText {
  return {
    text: "$(debug-disconnect) hwLedger: not connected",
    lines: lines.filter((line) => line !== ""),
    tone: "warning",
    click: "reconnect",
  };
}

function live(
  fleet: FleetState,
  waiting: readonly Prompt[],
  isLedgerBroken: boolean,
  mayLogIn: boolean,
): StatusBarText {
  const use = gpuUse(fleet);
  const needs = [
    ...(isLedgerBroken ? ["The ledger's chain does not hold"] : []),
    ...(mayLogIn ? needsOfPeople(fleet, waiting) : []),
  ];
  const parts = [use.gpus === 0 ? "no GPUs" : `${use.busy}/${use.gpus} GPUs`];
  if (use.meanUtilizationPct !== null) parts.push(`${Math.round(use.meanUtilizationPct)} %`);
  if (use.microUsdPerHour !== null) parts.push(formatRate(use.microUsdPerHour));
  const lines = [
    ...needs,
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
    text: `$(${needs.length > 0 ? "bell-dot" : "chip"}) ${parts.join(" · ")}`,
    lines,
    tone: needs.length > 0 ? "error" : "normal",
    click:
      waiting.length > 0 ? "answer" : isLedgerBroken ? "ledger" : needs.length > 0 ? "hosts" : "dashboard",
  };
}

/** What keeps a host away until a person has done something about it, by the code of the problem. */
const needsPerson: Readonly<Record<string, string>> = {
  "host-key-changed": "shows another key than before",
  "host-login-refused": "refuses the login",
  "identity-unusable": "has a key file that cannot be used",
  "ssh-config-invalid": "has an address that ssh does not take",
};

/** What only a person can do: answer a host, log in to one, or see why it turns us away. */
function needsOfPeople(fleet: FleetState, waiting: readonly Prompt[]): string[] {
  const asking = new Set(waiting.map(({ host }) => host));
  const shut = [...fleet.hosts.values()]
    .filter(({ record }) => record.status.kind === "needs-login" && !asking.has(record.name))
    .map(({ record }) => `${record.name} needs you to log in`);
  const away = [...fleet.hosts.values()].flatMap(({ record: { name, status } }) => {
    const need = status.kind === "unreachable" ? needsPerson[status.code] : undefined;
    return need === undefined ? [] : [`${name} ${need}`];
  });
  return [...[...asking].map((host) => `${host} waits for an answer`), ...shut, ...away];
}
