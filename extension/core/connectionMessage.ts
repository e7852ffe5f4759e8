import { awayText } from "./awayText.ts";
import type { Contact } from "./contact.ts";
import type { FleetPlace } from "./fleetPlace.ts";
import type { FleetState } from "./fleetState.ts";
import { awayWords } from "./words/awayWords.ts";

/** The sentence above the tree, or null when the tree says it all. */
export function connectionMessage(
  fleet: FleetState,
  contact: Contact,
  place: FleetPlace = "elsewhere",
): string | null {
  switch (contact.kind) {
    case "connecting":
      return fleet.isKnown ? null : awayWords.connecting;
    case "lost": {
      const { what, next } = awayText(contact.problem, place);
      return place === "elsewhere"
        ? awayWords.notConnectedYet(what, next)
        : awayWords.notConnected(what, next);
    }
    case "refused": {
      const { what, next } = awayText(contact.problem, place);
      return awayWords.notConnected(what, next);
    }
    case "live":
      return null;
  }
}
