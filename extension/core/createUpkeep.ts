import { tendIdentity, upkeepDue } from "../../protocol/client/tendIdentity.ts";
import type { Membership } from "./createMembership.ts";

const dueCheckMs = 3_600_000;

/** Longest wait before an upkeep, by chance: several windows share one membership, and the first does it for all. */
const spreadMs = 60_000;

/** What keeps a membership going. */
export interface UpkeepNeeds {
  membership: Membership;
  now: () => number;
  random: () => number;
  /** Told of an upkeep that failed; it is tried again within the hour. */
  onFailure: (error: unknown) => void;
}

/**
 * Renews the certificate of the fleet that is shown, and follows its authorities, while there is contact. Asks the service
 * only when something is due: twice a day for the authorities, once in two months for the certificate. Returns how to stop.
 */
export function createUpkeep({ membership, now, random, onFailure }: UpkeepNeeds): () => void {
  let timer: NodeJS.Timeout | null = null;
  let hasLooked = false;

  function plan(inMs: number): void {
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => void look(), inMs);
    timer.unref();
  }

  async function look(): Promise<void> {
    plan(dueCheckMs);
    try {
      await membership.refresh(); // another window may have done it
      const { profile, session } = membership;
      if (profile === null || session?.contact.kind !== "live") return;
      const due = upkeepDue(profile.identity, now());
      if (due.bundle || due.certificate)
        await tendIdentity(profile.identity, now(), (identity) => membership.keep(identity));
    } catch (error) {
      onFailure(error);
    }
  }

  const stop = membership.listen(() => {
    if (hasLooked || membership.session?.contact.kind !== "live") return;
    hasLooked = true;
    plan(random() * spreadMs);
  });
  return () => {
    stop();
    if (timer) clearTimeout(timer);
  };
}
