import { Refusal } from "../../protocol/problem.ts";
import type { FleetSession } from "./openFleetSession.ts";
import { awayWords } from "./words/awayWords.ts";

/**
 * Waits until the fleet's first snapshot came or contact failed, whichever is first; the session says which. Rejects with
 * `service-unreachable` when another session takes the place of this one meanwhile: it would never know more.
 */
export async function whenFleetKnown(session: FleetSession): Promise<void> {
  const isSettled = () =>
    session.isClosed ||
    (session.fleet.isKnown && session.contact.kind !== "connecting") ||
    session.contact.kind === "lost" ||
    session.contact.kind === "refused";
  if (!isSettled())
    await new Promise<void>((resolve) => {
      const stop = session.listen(() => {
        if (!isSettled()) return;
        stop();
        resolve();
      });
    });
  if (session.isClosed)
    throw new Refusal("service-unreachable", {
      url: session.identity.url,
      reason: awayWords.otherConnection,
    });
}
