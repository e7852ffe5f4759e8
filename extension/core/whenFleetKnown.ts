import type { FleetSession } from "./openFleetSession.ts";

/** Waits until the fleet's first snapshot came or contact failed, whichever is first. The session says which. */
export function whenFleetKnown(session: FleetSession): Promise<void> {
  const isSettled = () =>
    (session.fleet.isKnown && session.contact.kind !== "connecting") ||
    session.contact.kind === "lost" ||
    session.contact.kind === "refused";
  if (isSettled()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = session.listen(() => {
      if (!isSettled()) return;
      stop();
      resolve();
    });
  });
}
