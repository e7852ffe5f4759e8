import type { Contact } from "./contact.ts";
import type { FleetState } from "./fleetState.ts";
import { plainWords } from "./plainWords.ts";
import { problemText } from "./problemText.ts";

/** The sentence above the tree, or null when the tree says it all. */
export function connectionMessage(fleet: FleetState, contact: Contact): string | null {
  switch (contact.kind) {
    case "connecting":
      return fleet.isKnown ? null : "Connecting to the fleet’s service…";
    case "lost":
      return plainWords(
        `Not connected: ${contact.problem.detail} Trying again by itself. ${contact.problem.next}`,
      );
    case "refused":
      return `Not connected: ${problemText(contact.problem)}`;
    case "live":
      return null;
  }
}
