import { awayText, type WayBack } from "../awayText.ts";
import { connectionMessage } from "../connectionMessage.ts";
import type { FleetPlace } from "../fleetPlace.ts";
import { formatAge } from "../figures.ts";
import type { FleetSession } from "../openFleetSession.ts";
import { words } from "../words.ts";
import type { Banner } from "./panelSchema.ts";

const waysBack: Record<WayBack, Banner["actions"][number]> = {
  reconnect: { label: words.waysOut.reconnect, run: "reconnect" },
  join: { label: words.fleets.join, run: "join" },
  renew: { label: words.waysOut.askBack, run: "renew" },
  rejoin: { label: words.waysOut.joinAgain, run: "startOwnService" },
  start: { label: words.waysOut.start, run: "startOwnService" },
  restart: { label: words.waysOut.restart, run: "restartService" },
};

/** What a panel says of the connection; null when all is well. `undefined` is before the secret store was read. */
export function panelBanner(
  session: Pick<FleetSession, "fleet" | "contact"> | null | undefined,
  nowMs: number,
  place: FleetPlace = "elsewhere",
): Banner | null {
  if (session === undefined) return { tone: "info", text: "Looking for your fleet…", actions: [] };
  if (session === null)
    return {
      tone: "info",
      text: words.fleets.noneYet,
      actions: [
        { label: words.fleets.start, run: "startService" },
        { label: words.fleets.join, run: "join" },
      ],
    };
  const { fleet, contact } = session;
  if (contact.kind === "live" && fleet.isKnown && fleet.hosts.size === 0)
    return {
      tone: "info",
      text: words.hosts.none,
      actions: [{ label: words.hosts.add, run: "addHost" }],
    };
  const text = connectionMessage(fleet, contact, place);
  if (text === null) return null;
  if (contact.kind !== "lost" && contact.kind !== "refused") return { tone: "info", text, actions: [] };
  const age = fleet.isKnown ? ` What is shown was so ${agoText(nowMs - contact.sinceMs)}.` : "";
  const { way } = awayText(contact.problem, place);
  return { tone: "warning", text: text + age, actions: [waysBack[way]] };
}

function agoText(ageMs: number): string {
  return `${formatAge(ageMs)} ago`;
}
