import { awayText } from "./awayText.ts";
import type { Contact } from "./contact.ts";
import type { FleetState } from "./fleetState.ts";

/**
 * The sentence above the tree, or null when the tree says it all. `isLocal`: this editor started the fleet's service on
 * this machine, so it can start it again.
 */
export function connectionMessage(fleet: FleetState, contact: Contact, isLocal = false): string | null {
  switch (contact.kind) {
    case "connecting":
      return fleet.isKnown ? null : "Connecting to the fleet's service…";
    case "lost": {
      const { what, next } = awayText(contact.problem);
      if (isLocal && contact.problem.code === "service-unreachable")
        return `Not connected: ${what} Start it with the ▷ above; jobs on the hosts run on meanwhile.`;
      return `Not connected: ${what} Trying again by itself. ${next}`;
    }
    case "refused": {
      const { what, next } = awayText(contact.problem);
      return `Not connected: ${what} ${next}`;
    }
    case "live":
      return null;
  }
}
