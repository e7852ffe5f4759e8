import type { Prompt } from "../../protocol/prompt.ts";
import { awayText, type WayBack } from "./awayText.ts";
import type { Contact } from "./contact.ts";
import { formatAge, formatRate } from "./figures.ts";
import type { FleetPlace } from "./fleetPlace.ts";
import type { FleetState } from "./fleetState.ts";
import { gpuUse } from "./gpuUse.ts";
import { statusBarWords } from "./words/statusBarWords.ts";

/** The status bar entry. `text` may hold `$(codicon)`; `lines` are the tooltip, plain text each. */
export interface StatusBarText {
  text: string;
  lines: readonly string[];
  /** `error`: something waits for a person. `warning`: there is no contact. Drawn on those colours. */
  tone: "normal" | "warning" | "error";
  /** What a click does. */
  click: "dashboard" | "hosts" | "ledger" | "answer" | WayBack;
}

const { clicks, needsPerson } = statusBarWords;

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
        text: statusBarWords.connectingEntry,
        lines: [statusBarWords.connecting],
        tone: "normal",
        click: "dashboard",
      };
    case "lost": {
      const { what, way } = awayText(contact.problem, place);
      const lines = [
        statusBarWords.lostFor(formatAge(nowMs - contact.sinceMs), what),
        way === "reconnect" ? statusBarWords.trying : clicks[way],
      ];
      return { ...lost(lines), click: way };
    }
    case "refused": {
      const { what, next, way } = awayText(contact.problem, place);
      const text = statusBarWords.refusedEntry;
      return { ...lost([statusBarWords.refused(what), next, clicks[way]]), text, tone: "error", click: way };
    }
    case "live":
      return live(fleet, waiting, isLedgerBroken, mayLogIn);
  }
}

function lost(lines: string[]): StatusBarText {
  return {
    text: statusBarWords.lostEntry,
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
    ...(isLedgerBroken ? [statusBarWords.brokenLedger] : []),
    ...(mayLogIn ? needsOfPeople(fleet, waiting) : []),
  ];
  const parts = [use.gpus === 0 ? statusBarWords.noGpus : statusBarWords.busyShort(use.busy, use.gpus)];
  if (use.meanUtilizationPct !== null) parts.push(`${Math.round(use.meanUtilizationPct)} %`);
  if (use.microUsdPerHour !== null) parts.push(formatRate(use.microUsdPerHour));
  const lines = [
    ...needs,
    statusBarWords.online(use.onlineHosts, use.hosts),
    statusBarWords.busy(use.busy, use.gpus, use.unknown),
    ...(use.meanUtilizationPct === null ? [] : [statusBarWords.utilised(Math.round(use.meanUtilizationPct))]),
    ...(use.microUsdPerHour === null ? [] : [statusBarWords.rate(formatRate(use.microUsdPerHour))]),
  ];
  return {
    text: `$(${needs.length > 0 ? "bell-dot" : "chip"}) ${parts.join(" · ")}`,
    lines,
    tone: needs.length > 0 ? "error" : "normal",
    click:
      waiting.length > 0 ? "answer" : isLedgerBroken ? "ledger" : needs.length > 0 ? "hosts" : "dashboard",
  };
}

/** What only a person can do: answer a host, log in to one, or see why it turns us away. */
function needsOfPeople(fleet: FleetState, waiting: readonly Prompt[]): string[] {
  const asking = new Set(waiting.map(({ host }) => host));
  const shut = [...fleet.hosts.values()]
    .filter(({ record }) => record.status.kind === "needs-login" && !asking.has(record.name))
    .map(({ record }) => statusBarWords.needsLogin(record.name));
  const away = [...fleet.hosts.values()].flatMap(({ record: { name, status } }) => {
    const need = status.kind === "unreachable" ? needsPerson[status.code] : undefined;
    return need === undefined ? [] : [statusBarWords.needs(name, need)];
  });
  return [...[...asking].map((host) => statusBarWords.waits(host)), ...shut, ...away];
}
