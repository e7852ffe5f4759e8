import type { Profile } from "./profile.ts";

/**
 * Where the service of a fleet runs, as far as this editor has a hand in it: `here` on this machine, where the editor
 * started it; `stopped-here` the same, and a person stopped it; `elsewhere`.
 */
export type FleetPlace = "elsewhere" | "here" | "stopped-here";

/** Place of the service of a fleet; `wasStopped` is asked for its data folder. */
export function fleetPlace(
  profile: Pick<Profile, "home"> | null,
  wasStopped: (home: string) => boolean,
): FleetPlace {
  const home = profile?.home ?? null;
  if (home === null) return "elsewhere";
  return wasStopped(home) ? "stopped-here" : "here";
}
