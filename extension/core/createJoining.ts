import { joinFleet } from "../../protocol/client/joinFleet.ts";
import {
  makeCertificateRequest,
  type CertificateRequest,
} from "../../protocol/client/makeCertificateRequest.ts";
import { parseJoinLink } from "../../protocol/joinLink.ts";
import type { Membership } from "./createMembership.ts";
import type { FleetSession } from "./openFleetSession.ts";
import { profileOfAuthority, type FleetTraits, type Profile } from "./profile.ts";

/** What joining works with. */
export interface JoiningNeeds {
  membership: Pick<Membership, "ready" | "profiles" | "join">;
  /** The name to join by. */
  name: () => string;
}

/** Joins fleets by their links. */
export interface Joining {
  /** Joins, keeps the membership and shows that fleet. Rejects with what `joinFleet` rejects with. */
  join(linkText: string, traits?: Partial<FleetTraits>): Promise<FleetSession>;
  /** The membership whose place the one by this link would take; null where none trusts the link's authority. */
  known(linkText: string): Promise<Profile | null>;
}

/** One key for each link, so that a repeated try after a lost answer counts as the same joiner. */
export function createJoining({ membership, name }: JoiningNeeds): Joining {
  const requests = new Map<string, Promise<CertificateRequest>>();

  /** The memberships there are. What cannot be read must not stand in the way of something new. */
  async function profiles(): Promise<readonly Profile[]> {
    await membership.ready().catch(() => null);
    return membership.profiles;
  }

  return {
    async join(linkText, traits = {}) {
      const { token } = parseJoinLink(linkText);
      const own = name();
      const request = requests.get(token) ?? makeCertificateRequest(own);
      requests.set(token, request);
      const known = (await profiles()).map(({ identity }) => identity);
      const identity = await joinFleet(linkText, { name: own, request: await request, known });
      requests.delete(token);
      return membership.join(identity, traits);
    },
    async known(linkText) {
      const { caFingerprint } = parseJoinLink(linkText);
      return profileOfAuthority(await profiles(), caFingerprint) ?? null;
    },
  };
}
