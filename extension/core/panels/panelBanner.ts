import { commandIds } from "../commandIds.ts";
import { mayRun } from "../commandRoles.ts";
import { awayText } from "../awayText.ts";
import { connectionMessage } from "../connectionMessage.ts";
import type { FleetPlace } from "../fleetPlace.ts";
import { formatAge } from "../figures.ts";
import type { FleetSession } from "../openFleetSession.ts";
import { waysBack } from "../waysBack.ts";
import { words } from "../words/words.ts";
import type { Banner } from "./panelSchema.ts";
import { awayWords } from "../words/awayWords.ts";

/** What a panel says of the connection and the hosts; null when all is well. */
export function panelBanner(
  session: Pick<FleetSession, "identity" | "fleet" | "contact"> | null | undefined,
  nowMs: number,
  place: FleetPlace = "elsewhere",
): Banner | null {
  if (session?.contact.kind === "live" && session.fleet.isKnown && session.fleet.hosts.size === 0)
    return {
      tone: "info",
      text: words.hosts.none,
      actions: mayRun(commandIds.addHost, session.identity.role)
        ? [{ label: words.hosts.add, run: "addHost" }]
        : [],
    };
  return connectionBanner(session, lastSureMs(session), nowMs, place);
}

/** When what is known of the hosts was so for certain; null while nothing is known. */
function lastSureMs(session: Pick<FleetSession, "fleet" | "contact"> | null | undefined): number | null {
  if (!session?.fleet.isKnown || session.contact.kind === "live") return null;
  return session.contact.sinceMs ?? null;
}

/**
 * What a panel says of the connection alone; null when all is well. `undefined` is before the secret store was read.
 * `wasSoMs`: when that which the panel shows was so; null while it shows nothing.
 */
export function connectionBanner(
  session: Pick<FleetSession, "fleet" | "contact"> | null | undefined,
  wasSoMs: number | null,
  nowMs: number,
  place: FleetPlace = "elsewhere",
): Banner | null {
  if (session === undefined) return { tone: "info", text: awayWords.looking, actions: [] };
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
  const text = connectionMessage(fleet, contact, place);
  if (text === null) return null;
  if (contact.kind !== "lost" && contact.kind !== "refused") return { tone: "info", text, actions: [] };
  const { way } = awayText(contact.problem, place);
  const banner: Banner = { tone: "warning", text, actions: [waysBack[way]] };
  return wasSoMs === null ? banner : { ...banner, age: awayWords.wasSo(formatAge(nowMs - wasSoMs)) };
}
