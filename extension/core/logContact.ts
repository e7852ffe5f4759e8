import { contactProblem } from "./contact.ts";
import type { FleetLog } from "./createLogMemory.ts";
import type { Membership } from "./createMembership.ts";

/** Writes to the log how we stand with the service, when that changes. Returns how to stop. */
export function logContact(
  membership: Pick<Membership, "session" | "profile" | "listen">,
  log: FleetLog,
): () => void {
  let before = "";
  return membership.listen(() => {
    const { session, profile } = membership;
    const where = profile ? `${profile.label} (${profile.identity.url})` : "no fleet";
    const kind = session ? session.contact.kind : "none";
    const contact = session?.contact;
    const state = `${where} ${kind} ${contactProblem(contact) ?? ""}`;
    if (state === before) return;
    before = state;
    if (contact?.kind === "lost" || contact?.kind === "refused")
      log.warn(`contact: ${kind}: ${contact.problem.code}`, `${where}: ${contact.problem.detail}`);
    else log.info(`contact: ${kind}`, where);
  });
}
