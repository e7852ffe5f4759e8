import * as vscode from "vscode";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import type { DispatchMemory } from "../core/createDispatchMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import { endNotice, isEndTold, jobSettingIds } from "../core/jobSettings.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { jobLabel, jobOutcomeText, jobTone } from "../core/jobText.ts";
import { printable } from "../core/printable.ts";
import { noticeText } from "../core/problemText.ts";
import { words } from "../core/words.ts";
import type { JobTerminals } from "./createJobTerminals.ts";

/**
 * Says when a job that was dispatched from this workspace is done, as the setting wants it; also of one that ended while
 * the window was closed.
 */
export function createJobNotices(
  membership: Membership,
  terminals: Pick<JobTerminals, "isInSight" | "show">,
  memory: DispatchMemory,
): vscode.Disposable {
  function look(): void {
    const { session } = membership;
    if (!session) return;
    for (const { jobId, fleetId } of memory.untold()) {
      const job = fleetId === session.identity.fleetId ? session.fleet.jobs.get(jobId) : undefined;
      if (!job || !isJobEnded(job.state)) continue;
      memory.told(jobId);
      if (isWanted(job)) void tell(session, job);
    }
  }

  function isWanted(job: JobRecord): boolean {
    const setting = endNotice(vscode.workspace.getConfiguration().get(jobSettingIds.notify));
    return isEndTold(setting, job, terminals.isInSight(job.id));
  }

  async function tell(session: FleetSession, job: JobRecord): Promise<void> {
    const outcome = printable(jobOutcomeText(job));
    const text = noticeText(`${words.job.onHost(printable(jobLabel(job)), job.host)}: ${outcome}.`);
    const isBad = jobTone(job) === "bad";
    const show = isBad ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
    const { noticeShowLog } = words.job;
    if ((await show(text, noticeShowLog)) !== noticeShowLog) return;
    const { fleetId } = session.identity;
    // The window may show another fleet by the time somebody answers.
    if (membership.session?.identity.fleetId !== fleetId) membership.switchTo(fleetId);
    if (membership.session?.identity.fleetId === fleetId) terminals.show(membership.session, job);
  }

  return { dispose: membership.listen(look) };
}
