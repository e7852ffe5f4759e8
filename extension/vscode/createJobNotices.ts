import * as vscode from "vscode";
import type { JobId } from "../../protocol/ids.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import type { Membership } from "../core/createMembership.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { jobLabel, jobOutcomeText, jobTone } from "../core/jobText.ts";
import { printable } from "../core/printable.ts";
import { problemText } from "../core/problemText.ts";
import type { JobTerminals } from "./createJobTerminals.ts";

/** Says when a job that this editor dispatched is done, unless the person is looking at its terminal. */
export interface JobNotices {
  expect(session: FleetSession, jobId: JobId): void;
  dispose(): void;
}

export function createJobNotices(membership: Membership, terminals: JobTerminals): JobNotices {
  const expected = new Map<JobId, FleetSession>();

  function look(): void {
    const { session } = membership;
    for (const [id, owner] of expected) {
      if (owner.identity.fleetId !== session?.identity.fleetId) continue;
      const job = session.fleet.jobs.get(id);
      if (!job || !isJobEnded(job.state)) continue;
      expected.delete(id);
      if (!terminals.isInSight(id)) void tell(session, job);
    }
  }

  async function tell(session: FleetSession, job: JobRecord): Promise<void> {
    const outcome = printable(jobOutcomeText(job));
    const text = problemText({
      title: `${printable(jobLabel(job))} on ${job.host}: ${outcome}`,
      detail: "",
      next: "",
    });
    const isBad = jobTone(job) === "bad";
    const show = isBad ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
    if ((await show(text, "Show Log")) === "Show Log") terminals.show(membership.session ?? session, job);
  }

  const stop = membership.listen(look);
  return {
    expect(session, jobId) {
      expected.set(jobId, session);
      look();
    },
    dispose: stop,
  };
}
