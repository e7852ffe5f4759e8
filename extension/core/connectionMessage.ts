import type { Contact } from "./contact.ts";
import type { FleetState } from "./fleetState.ts";
import { plainWords } from "./plainWords.ts";
import { problemText } from "./problemText.ts";

/**
 * The sentence above the tree, or null when the tree says it all. `isLocal`: this editor started the fleet's service on
 * this machine, so it can start it again.
 */
export function connectionMessage(fleet: FleetState, contact: Contact, isLocal = false): string | null {
  switch (contact.kind) {
    case "connecting":
      return fleet.isKnown ? null : "Connecting to the fleet’s service…";
    case "lost":
      return plainWords(
        `Not connected: ${contact.problem.detail} ${lostAdvice(contact.problem.code, isLocal)}`,
      );
    case "refused":
      return `Not connected: ${problemText(contact.problem)}`;
    case "live":
      return null;
  }
}

function lostAdvice(code: string, isLocal: boolean): string {
  if (code !== "service-unreachable") return "Trying again by itself.";
  return isLocal
    ? "Start it with the ▷ above; jobs on the hosts run on meanwhile."
    : "Trying again by itself. If it stays away, have it started on its own machine; jobs on the hosts run on meanwhile.";
}
