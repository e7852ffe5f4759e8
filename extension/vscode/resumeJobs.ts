import type { Disposable } from "vscode";
import type { Membership } from "../core/createMembership.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import type { JobTerminals } from "./createJobTerminals.ts";

/** Makes the log terminals again that were open when the window was left, once per connection. */
export function resumeJobs(
  membership: Pick<Membership, "session" | "listen">,
  terminals: Pick<JobTerminals, "restore">,
): Disposable {
  let resumed: FleetSession | null = null;

  function resume(): void {
    const { session } = membership;
    if (!session || session === resumed) return;
    resumed = session;
    void terminals.restore(session);
  }

  return { dispose: membership.listen(resume) };
}
