import type { Identity } from "../../protocol/client/identity.ts";
import { renewIdentity, tendIdentity, upkeepDue } from "../../protocol/client/tendIdentity.ts";
import { problemOfError } from "../../protocol/problem.ts";
import { contactProblem } from "./contact.ts";
import type { Membership } from "./createMembership.ts";

const dueCheckMs = 3_600_000;
/** Who waits for an admin to let it back in asks again so often at first, and at last: each time stands in the ledger. */
const waitingCheckMs = 30_000;
const longestWaitMs = 600_000;

/** What an admin, or time, may still change. */
const mayChange = new Set(["approval-needed", "another-asks", "rate-limited", "service-unreachable"]);

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
 * Renews the certificates of all fleets, and follows their authorities: of the fleet that is shown while there is contact.
 * Asks a service only when something is due: twice a day for the authorities, once in two months for the certificate. One
 * that has run out is renewed only when a person asks, and from then on until an admin has let it back in. Returns how to stop.
 */
export function createUpkeep({ membership, now, random, onFailure }: UpkeepNeeds): () => void {
  let timer: NodeJS.Timeout | null = null;
  let hasLooked = false;
  let waitingSinceMs: number | null = null;
  /** Requests that were turned down for good. */
  const turnedDown = new Set<string>();

  function plan(inMs: number): void {
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => void look(), inMs);
    timer.unref();
  }

  async function look(): Promise<void> {
    plan(nextLookMs());
    try {
      await membership.refresh(); // another window may have done it
    } catch (error) {
      return onFailure(error);
    }
    for (const { identity } of membership.profiles)
      if (waits(identity)) await askAgain(identity);
      else if (isReady(identity))
        try {
          await tendIdentity(identity, now(), (next) => membership.keep(next));
        } catch (error) {
          onFailure(error);
        }
  }

  function isShown({ fleetId }: Identity): boolean {
    return membership.profile?.identity.fleetId === fleetId;
  }

  /** Whether it has run out, here or by the service's clock, and asks to come back. */
  function waits(identity: Identity): boolean {
    if (identity.renewal === undefined || turnedDown.has(identity.renewal.csrPem)) return false;
    return (
      identity.notAfterMs <= now() ||
      (isShown(identity) && contactProblem(membership.session?.contact) === "certificate-expired")
    );
  }

  function isWaiting(): boolean {
    return membership.profiles.some(({ identity }) => waits(identity));
  }

  /** Soon after a person has asked to come back, and later the longer it takes; else within the hour. */
  function nextLookMs(): number {
    if (!isWaiting()) return dueCheckMs;
    waitingSinceMs ??= now();
    const waitedMs = now() - waitingSinceMs;
    return Math.min(Math.max(waitingCheckMs, waitedMs / 4), longestWaitMs);
  }

  /** What is told here is known: the person has asked, and was told to wait. */
  async function askAgain(identity: Identity): Promise<void> {
    try {
      await renewIdentity(identity, (next) => membership.keep(next));
    } catch (error) {
      if (!mayChange.has(problemOfError(error).code)) turnedDown.add(identity.renewal?.csrPem ?? "");
    }
  }

  /** Whether something is due, and can be done without a person. */
  function isReady(identity: Identity): boolean {
    if (isShown(identity) && membership.session?.contact.kind !== "live") return false;
    const due = upkeepDue(identity, now());
    return identity.notAfterMs > now() && (due.bundle || due.certificate);
  }

  const stop = membership.listen(() => {
    if (!isWaiting()) waitingSinceMs = null;
    else if (waitingSinceMs === null) plan(nextLookMs());
    if (hasLooked || membership.session?.contact.kind !== "live") return;
    hasLooked = true;
    plan(random() * spreadMs);
  });
  plan(dueCheckMs); // also where the fleet that is shown never answers
  return () => {
    stop();
    if (timer) clearTimeout(timer);
  };
}
