import * as vscode from "vscode";
import type { JobId } from "../../protocol/ids.ts";
import { commandIds } from "../core/commandIds.ts";
import type { Membership } from "../core/createMembership.ts";
import { activeJobs, jobRows } from "../core/jobRows.ts";
import { jobGrouping, jobSettingIds, type JobGrouping } from "../core/jobSettings.ts";
import { jobTooltip } from "../core/jobTooltip.ts";
import { viewIds } from "../core/viewIds.ts";
import { words } from "../core/words/words.ts";
import { changeSetting } from "./setting.ts";
import { createRowTree } from "./createRowTree.ts";

/** What a row of the Jobs view is to commands from its menu. */
export interface JobHandle {
  readonly rowId: string;
  /** Null for a group. */
  readonly jobId: JobId | null;
}

/** The Jobs view: what runs and what is done, with the number of those that run as its badge. */
export function createJobsView(membership: Membership, now: () => number): vscode.Disposable {
  const tree = createRowTree<JobHandle>({
    viewId: viewIds.jobs,
    membership,
    now,
    rows: ({ fleet, contact }) => jobRows(fleet, contact, now(), grouping()),
    newHandle: (rowId) => ({ rowId, jobId: rowId.startsWith("j-") ? (rowId as JobId) : null }),
    tooltip({ jobId }) {
      const job = jobId && membership.session?.fleet.jobs.get(jobId);
      return job ? jobTooltip(job, now()) : null;
    },
    action: (handle) =>
      handle.jobId === null
        ? undefined
        : {
            title: words.job.showLog,
            run: () => vscode.commands.executeCommand(commandIds.showLog, handle),
          },
  });

  function update(): void {
    const { session } = membership;
    // A number on an icon cannot say of when it is.
    const count = session?.contact.kind === "live" ? activeJobs(session.fleet) : 0;
    if ((tree.view.badge?.value ?? 0) !== count) tree.view.badge = count === 0 ? undefined : badge(count);
    tree.touch();
  }

  const regrouping = vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration(jobSettingIds.groupBy)) tree.touch();
  });
  return vscode.Disposable.from(tree, regrouping, { dispose: membership.listen(update) });
}

function grouping(): JobGrouping {
  return jobGrouping(vscode.workspace.getConfiguration().get(jobSettingIds.groupBy));
}

/** Groups the Jobs view otherwise, in every window and from now on. */
export async function groupJobs(by: JobGrouping): Promise<void> {
  await changeSetting(jobSettingIds.groupBy, by);
}

function badge(count: number): vscode.ViewBadge {
  return { value: count, tooltip: words.job.running(count) };
}
