import type { HostChoice, HostFit } from "./rankHosts.ts";
import { hostWords } from "./words/hostWords.ts";

/** A choice in an open list: below which heading it stands, whatever became of it since. */
export interface PlacedChoice extends HostChoice {
  section: HostFit | "new";
}

/** The choices as a list begins with them. */
export function placed(choices: readonly HostChoice[]): PlacedChoice[] {
  return choices.map((choice) => ({ ...choice, section: choice.fit }));
}

/**
 * The choices as they are now, each where it was shown: nothing moves under a pointer, and no click in the moment of a
 * redrawing means a neighbour. Hosts that are new come last; those that are gone say so.
 */
export function choicesInPlace(
  shown: readonly PlacedChoice[],
  current: readonly HostChoice[],
): PlacedChoice[] {
  const now = new Map(current.map((choice) => [choice.hostId, choice]));
  const known = shown.map((was): PlacedChoice => {
    const choice = now.get(was.hostId);
    now.delete(was.hostId);
    if (choice) return { ...choice, section: was.section };
    return { ...was, fit: "doubtful", description: hostWords.gone, detail: "" };
  });
  return [...known, ...[...now.values()].map((choice): PlacedChoice => ({ ...choice, section: "new" }))];
}
