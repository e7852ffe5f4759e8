import * as vscode from "vscode";
import type { JobId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import type { DispatchMemory } from "../core/createDispatchMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import { endNotice, isEndTold, jobSettingIds } from "../core/jobSettings.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { jobLabel, jobOutcomeText, jobTone } from "../core/jobText.ts";
import { printable } from "../core/printable.ts";
import { words } from "../core/words/words.ts";
import type { JobTerminals } from "./createJobTerminals.ts";
import { inform, warn } from "./notices.ts";
import { showLogOf } from "./showLogOf.ts";
import { problemIn } from "./showProblem.ts";

/**
 * Says when a job that was dispatched from this workspace is done, as the setting wants it; also of one that ended while
 * the window was closed. The end of one in a task that is open is seen there.
 */
export function createJobNotices(
  membership: Membership,
  terminals: Pick<JobTerminals, "isInSight" | "show">,
  memory: DispatchMemory,
  inTasks: ReadonlySet<JobId>,
): vscode.Disposable {
  const asked = new Set<JobId>();

  function look(): void {
    const { session } = membership;
    if (!session?.fleet.isKnown) return;
    for (const { jobId, fleetId } of memory.untold()) {
      if (fleetId !== session.identity.fleetId) continue;
      const job = session.fleet.jobs.get(jobId);
      if (job) end(session, job);
      else if (!asked.has(jobId)) void ask(session, jobId);
    }
  }

  function end(session: FleetSession, job: JobRecord): void {
    if (!isJobEnded(job.state)) return;
    memory.told(job.id);
    if (!inTasks.has(job.id) && isWanted(job)) void tell(session, job);
  }

  /** Of a job that is older than those that the service tells of by itself. */
  async function ask(session: FleetSession, jobId: JobId): Promise<void> {
    asked.add(jobId);
    try {
      end(session, await session.client.call("getJob", { params: { job: jobId } }));
    } catch (error) {
      if (problemIn(error).code === "job-not-found") memory.told(jobId);
      else asked.delete(jobId); // with the next change
    }
  }

  function isWanted(job: JobRecord): boolean {
    const setting = endNotice(vscode.workspace.getConfiguration().get(jobSettingIds.notify));
    return isEndTold(setting, job, terminals.isInSight(job.id));
  }

  async function tell(session: FleetSession, job: JobRecord): Promise<void> {
    const outcome = printable(jobOutcomeText(job));
    const text = `${words.job.onHost(printable(jobLabel(job)), job.host)}: ${outcome}.`;
    const isBad = jobTone(job) === "bad";
    const show = isBad ? warn : inform;
    const { noticeShowLog } = words.job;
    if ((await show(text, noticeShowLog)) !== noticeShowLog) return;
    showLogOf(membership, terminals, session.identity.fleetId, job);
  }

  return { dispose: membership.listen(look) };
}
