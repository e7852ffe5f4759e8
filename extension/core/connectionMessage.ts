import { awayText } from "./awayText.ts";
import type { Contact } from "./contact.ts";
import type { FleetPlace } from "./fleetPlace.ts";
import type { FleetState } from "./fleetState.ts";

/** The sentence above the tree, or null when the tree says it all. */
export function connectionMessage(
  fleet: FleetState,
  contact: Contact,
  place: FleetPlace = "elsewhere",
): string | null {
  switch (contact.kind) {
    case "connecting":
      return fleet.isKnown ? null : "Connecting to the fleet's service…";
    case "lost": {
      const { what, next } = awayText(contact.problem, place);
      const meanwhile = place === "elsewhere" ? " Trying again by itself." : "";
      return `Not connected: ${what}${meanwhile} ${next}`;
    }
    case "refused": {
      const { what, next } = awayText(contact.problem, place);
      return `Not connected: ${what} ${next}`;
    }
    case "live":
      return null;
  }
}
