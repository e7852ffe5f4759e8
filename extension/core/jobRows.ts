import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import type { Contact } from "./contact.ts";
import { formatAge } from "./figures.ts";
import type { FleetState } from "./fleetState.ts";
import { jobLabel, jobOutcomeText, jobTone } from "./jobText.ts";
import { printable } from "./printable.ts";
import type { RowIcon, TreeRow } from "./treeRow.ts";

const groups = { active: "Running", ended: "Done" } as const;
const grey = "disabledForeground";

/** All rows of the Jobs view: those that have not ended first, each group newest first; none when there is no job. */
export function jobRows(fleet: FleetState, contact: Contact, nowMs: number): TreeRow[] {
  const jobs = [...fleet.jobs.values()].sort(
    (a, b) => b.createdAtMs - a.createdAtMs || b.id.localeCompare(a.id),
  );
  const active = jobs.filter((job) => !isJobEnded(job.state));
  const ended = jobs.filter((job) => isJobEnded(job.state));
  return [...groupRows("active", active, contact, nowMs), ...groupRows("ended", ended, contact, nowMs)];
}

/** Number of jobs that have not ended. */
export function activeJobs(fleet: FleetState): number {
  return [...fleet.jobs.values()].filter((job) => !isJobEnded(job.state)).length;
}

function groupRows(
  group: keyof typeof groups,
  jobs: readonly JobRecord[],
  contact: Contact,
  nowMs: number,
): TreeRow[] {
  if (jobs.length === 0) return [];
  const label = groups[group];
  const head: TreeRow = {
    id: group,
    parentId: null,
    kind: "group",
    hostId: null,
    label,
    description: String(jobs.length),
    icon: null,
    isStale: false,
    contextValue: "hwledger.jobs",
    accessibilityLabel: `${label}, ${jobs.length === 1 ? "1 job" : `${jobs.length} jobs`}`,
    fold: "open",
  };
  return [head, ...jobs.map((job) => jobRow(group, job, contact, nowMs))];
}

function jobRow(parentId: string, job: JobRecord, contact: Contact, nowMs: number): TreeRow {
  const label = printable(jobLabel(job));
  const isActive = !isJobEnded(job.state);
  const outcome = printable(isActive ? activeText(job, nowMs) : endedText(job, nowMs));
  const description = `${job.host} · ${outcome}`;
  const isStale = isActive && contact.kind !== "live";
  return {
    id: job.id,
    parentId,
    kind: "job",
    hostId: job.hostId,
    label,
    description,
    icon: jobIcon(job, isStale),
    isStale,
    contextValue: `hwledger.job.${isActive ? "active" : "ended"}`,
    accessibilityLabel: `job ${label} on ${job.host}, ${outcome}`,
    fold: "leaf",
  };
}

function activeText(job: JobRecord, nowMs: number): string {
  const { contact, startedAtMs } = job;
  if (contact.kind === "lost") return `${job.state}, no contact${forAge(nowMs - contact.sinceMs)}`;
  const lasts = startedAtMs === null || job.cancelRequestedBy !== null ? "" : forAge(nowMs - startedAtMs);
  return jobOutcomeText(job) + lasts;
}

/** ` for 3 min`; nothing for the first moments. */
function forAge(ageMs: number): string {
  return ageMs < 10_000 ? "" : ` for ${formatAge(ageMs)}`;
}

function endedText(job: JobRecord, nowMs: number): string {
  const ago = job.endedAtMs === null ? "" : ` · ${formatAge(nowMs - job.endedAtMs)} ago`;
  return `${jobOutcomeText(job)}${ago}`;
}

function jobIcon(job: JobRecord, isStale: boolean): RowIcon {
  switch (jobTone(job)) {
    case "pending":
      if (isStale) return { codicon: "sync-ignored", color: grey };
      return job.contact.kind === "lost"
        ? { codicon: "debug-disconnect", color: "list.warningForeground" }
        : { codicon: "sync", color: "charts.blue" };
    case "good":
      return { codicon: "pass", color: "charts.green" };
    case "chosen":
      return { codicon: "circle-slash", color: grey };
    case "bad":
      return { codicon: "error", color: "list.errorForeground" };
  }
}
