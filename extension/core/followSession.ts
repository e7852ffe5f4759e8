import type { Membership } from "./createMembership.ts";
import type { FleetSession } from "./openFleetSession.ts";

/** The connection to one fleet, over the sessions that take each other's place. */
export interface FollowedSession {
  /** The last one of that fleet; closed while the window shows another fleet. */
  readonly session: FleetSession;
  stop(): void;
}

/** Tells of each session that takes the place of an earlier one of the same fleet: a renewed certificate, another address. `onAway`: with each change while another fleet is shown, or none. */
export function followSession(
  membership: Pick<Membership, "session" | "listen">,
  first: FleetSession,
  onNext: (session: FleetSession) => void,
  onAway: () => void = () => undefined,
): FollowedSession {
  let current = first;
  const stop = membership.listen(() => {
    const { session } = membership;
    if (session === current) return;
    if (session?.identity.fleetId !== current.identity.fleetId) return onAway();
    current = session;
    onNext(session);
  });
  return {
    get session() {
      return current;
    },
    stop,
  };
}
