import { isJobEnded } from "../../protocol/job.ts";
import type { JobId } from "../../protocol/ids.ts";
import type { FleetSession } from "./openFleetSession.ts";

/** Fulfils once the job runs or has ended, or another session has taken the place of this one. */
export function whenJobStarted(
  session: Pick<FleetSession, "fleet" | "isClosed" | "listen">,
  jobId: JobId,
): Promise<void> {
  const isSettled = (): boolean => {
    const state = session.fleet.jobs.get(jobId)?.state;
    return session.isClosed || (state !== undefined && (state === "running" || isJobEnded(state)));
  };
  if (isSettled()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = session.listen(() => {
      if (!isSettled()) return;
      stop();
      resolve();
    });
  });
}
