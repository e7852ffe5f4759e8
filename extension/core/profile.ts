import * as z from "zod";
import { certificatesIn, fingerprintOf } from "../../protocol/client/caChain.ts";
import { identitySchema, type Identity } from "../../protocol/client/identity.ts";

/** One fleet that this editor is a member of. Holds the membership's private key. */
export const profileSchema = z.object({
  identity: identitySchema,
  /** What the person calls the fleet. */
  label: z.string().min(1).max(100),
  /** Data folder of the fleet's service where this editor started it on this machine; null for a service elsewhere. */
  home: z.string().nullable(),
});
export type Profile = z.infer<typeof profileSchema>;

/** What is known of a fleet beside the membership. */
export type FleetTraits = Pick<Profile, "label" | "home">;

/** A fleet's name until the person gives it another: where its service is. */
export function defaultFleetLabel({ url }: Pick<Identity, "url">): string {
  return new URL(url).host.slice(0, 100);
}

/** The fleet among those that trusts the authority of this fingerprint. */
export function profileOfAuthority(profiles: readonly Profile[], fingerprint: string): Profile | undefined {
  return profiles.find(({ identity }) =>
    certificatesIn(identity.caPem).some((authority) => fingerprintOf(authority) === fingerprint),
  );
}

/** The list with that profile in it, in place of an earlier one of the same fleet: `joinFleet` has seen that it is the same. */
export function withProfile(profiles: readonly Profile[], next: Profile): Profile[] {
  const { fleetId } = next.identity;
  const isKnown = profiles.some(({ identity }) => identity.fleetId === fleetId);
  if (!isKnown) return [...profiles, next];
  return profiles.map((profile) => (profile.identity.fleetId === fleetId ? next : profile));
}
