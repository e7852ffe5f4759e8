import * as z from "zod";
import { isJoinOver } from "../../protocol/client/isJoinOver.ts";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import {
  makeCertificateRequest,
  type CertificateRequest,
} from "../../protocol/client/makeCertificateRequest.ts";
import { parseJoinLink } from "../../protocol/joinLink.ts";
import type { Membership } from "./createMembership.ts";
import type { FleetSession } from "./openFleetSession.ts";
import { profileOfAuthority, type FleetTraits, type Profile } from "./profile.ts";

/** A join under way: its token, and the key and request that the token is bound to once it was used. */
export const startedJoinSchema = z.object({ token: z.string(), keyPem: z.string(), csrPem: z.string() });
export type StartedJoin = z.infer<typeof startedJoinSchema>;

/** Where a join under way outlasts the window, so that a try after a lost answer counts as the same joiner. */
export interface PendingJoin {
  /** Null where there is none, or none that can be read. */
  read(): Promise<StartedJoin | null>;
  /** Keeps one in place of the one before; null once it is over. */
  write(started: StartedJoin | null): Promise<void>;
}

/** What joining works with. */
export interface JoiningNeeds {
  membership: Pick<Membership, "ready" | "profiles" | "join">;
  pending: PendingJoin;
  /** The name to join by. */
  name: () => string;
}

/** Joins fleets by their links. */
export interface Joining {
  /** Joins, keeps the membership and shows that fleet. Rejects with what `joinFleet` rejects with. */
  join(linkText: string, options?: { traits?: FleetTraits; signal?: AbortSignal }): Promise<FleetSession>;
  /** The membership whose place the one by this link would take; null where none trusts the link's authority. */
  known(linkText: string): Promise<Profile | null>;
}

/** A join keeps its key until it has succeeded or was refused for good. */
export function createJoining({ membership, pending, name }: JoiningNeeds): Joining {
  /** The request of an earlier try with this token, else a fresh one that is kept before it is sent. */
  async function requestFor(token: string, own: string): Promise<CertificateRequest> {
    const started = await pending.read();
    if (started?.token === token) return started;
    const request = await makeCertificateRequest(own);
    await pending.write({ token, ...request });
    return request;
  }

  /** The memberships there are. What cannot be read must not stand in the way of something new. */
  async function profiles(): Promise<readonly Profile[]> {
    await membership.ready().catch(() => null);
    return membership.profiles;
  }

  return {
    async join(linkText, { traits = {}, signal } = {}) {
      const { token } = parseJoinLink(linkText);
      const own = name();
      const request = await requestFor(token, own);
      const known = (await profiles()).map(({ identity }) => identity);
      try {
        const limits = signal ? { signal } : {};
        const identity = await joinFleet(linkText, { name: own, request, known, ...limits });
        const session = await membership.join(identity, traits);
        await pending.write(null);
        return session;
      } catch (error) {
        if (isJoinOver(error)) await pending.write(null);
        throw error;
      }
    },
    async known(linkText) {
      const { caFingerprint } = parseJoinLink(linkText);
      return profileOfAuthority(await profiles(), caFingerprint) ?? null;
    },
  };
}
