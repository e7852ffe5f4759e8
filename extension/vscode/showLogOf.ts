import type { JobRecord } from "../../protocol/job.ts";
import type { Membership } from "../core/createMembership.ts";
import type { JobTerminals } from "./createJobTerminals.ts";

/** Shows the log of a job of a fleet, which the window shows from then on where it showed another. */
export function showLogOf(
  membership: Membership,
  terminals: Pick<JobTerminals, "show">,
  fleetId: string,
  job: JobRecord,
): void {
  if (membership.session?.identity.fleetId !== fleetId) membership.switchTo(fleetId);
  if (membership.session?.identity.fleetId === fleetId) terminals.show(membership.session, job);
}
