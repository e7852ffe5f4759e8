import { problemOfError } from "../../protocol/problem.ts";
import type { LocalService } from "./createLocalService.ts";
import type { Membership } from "./createMembership.ts";

export interface AutoStartNeeds {
  membership: Pick<Membership, "session" | "profile" | "listen" | "moveTo">;
  local: Pick<LocalService, "start" | "isStarting">;
  /** Whether the person wants that for this data folder. */
  isWanted: (home: string) => boolean;
  now: () => number;
  /** Told once what went wrong, until it goes well or fails otherwise; the banner says that there is no contact anyway. */
  onFailure: (error: unknown) => void;
}

/** A service that ends at once must not be started over and over. */
const shortestMs = 60_000;

/**
 * Starts the service of the fleet that is shown again when it runs on this machine and does not answer: after a restart of
 * the machine, say. Returns how to stop.
 */
export function createAutoStart({ membership, local, isWanted, now, onFailure }: AutoStartNeeds): () => void {
  let triedAtMs = Number.NEGATIVE_INFINITY;
  /** Of which start it was told that it failed: every minute the same would be a nuisance. */
  let told = "";

  function look(): void {
    const { session, profile } = membership;
    const fleetId = profile?.identity.fleetId ?? "";
    const home = profile?.home ?? null;
    if (!session || home === null || session.contact.kind !== "lost") return;
    if (session.contact.problem.code !== "service-unreachable") return;
    if (now() - triedAtMs < shortestMs || local.isStarting() || !isWanted(home)) return;
    triedAtMs = now();
    local
      .start(home)
      .then(({ url }) => {
        told = "";
        return membership.moveTo(fleetId, url);
      })
      .catch((error: unknown) => {
        if (problemOfError(error).code === "service-stopping") return; // a person has given its start up
        const failure = `${home} ${String(error)}`;
        if (failure !== told) onFailure(error);
        told = failure;
      });
  }

  return membership.listen(look);
}
