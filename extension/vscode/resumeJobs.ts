import type { Disposable } from "vscode";
import type { DispatchMemory } from "../core/createDispatchMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import type { TerminalMemory } from "../core/createTerminalMemory.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import type { JobTerminals } from "./createJobTerminals.ts";

export interface ResumeNeeds {
  membership: Membership;
  terminals: Pick<JobTerminals, "restore">;
  memory: DispatchMemory;
  terminalMemory: TerminalMemory;
}

/**
 * Takes up where the window left off: connects when log terminals were open or somebody waits for a job's end, and makes
 * the terminals again. With nothing to take up it does nothing.
 */
export function resumeJobs({ membership, terminals, memory, terminalMemory }: ResumeNeeds): Disposable {
  let resumed: FleetSession | null = null;

  function resume(): void {
    const { session } = membership;
    if (!session || session === resumed) return;
    resumed = session;
    void terminals.restore(session);
  }

  const stop = membership.listen(resume);
  if (terminalMemory.all().length > 0 || memory.untold().length > 0)
    membership.ready().catch(() => undefined); // the Hosts view says what is the matter
  return { dispose: stop };
}
