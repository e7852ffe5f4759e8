import { hostFits, type HostChoice } from "./rankHosts.ts";

/**
 * The choices as they are now, each where it was shown: nothing moves under a pointer. Hosts that are new come last of
 * their kind; those that are gone leave.
 */
export function choicesInPlace(shown: readonly HostChoice[], current: readonly HostChoice[]): HostChoice[] {
  const now = new Map(current.map((choice) => [choice.hostId, choice]));
  const known = shown.flatMap(({ hostId, fit }) => {
    const choice = now.get(hostId);
    now.delete(hostId);
    return choice ? [{ ...choice, fit }] : [];
  });
  const all = [...known, ...now.values()];
  return hostFits.flatMap((kind) => all.filter(({ fit }) => fit === kind));
}
