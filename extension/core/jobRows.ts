import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import type { Contact } from "./contact.ts";
import { formatAge } from "./figures.ts";
import { hostsInOrder, type FleetState } from "./fleetState.ts";
import type { JobGrouping } from "./jobSettings.ts";
import { jobLabel, jobOutcomeText, jobTone } from "./jobText.ts";
import { printable } from "./printable.ts";
import type { RowIcon, TreeRow } from "./treeRow.ts";
import { jobWords } from "./words/jobWords.ts";

const say = jobWords.row;
const grey = "disabledForeground";

/** All rows of the Jobs view, in groups; what has not ended first, then newest first. None when there is no job. */
export function jobRows(
  fleet: FleetState,
  contact: Contact,
  nowMs: number,
  grouping: JobGrouping = "state",
): TreeRow[] {
  const jobs = [...fleet.jobs.values()].sort(
    (a, b) =>
      Number(isJobEnded(a.state)) - Number(isJobEnded(b.state)) ||
      b.createdAtMs - a.createdAtMs ||
      b.id.localeCompare(a.id),
  );
  const groups = grouping === "state" ? byState(jobs) : byHost(jobs, fleet);
  return groups.flatMap((group) => [
    headOf(group),
    ...group.jobs.map((job) => jobRow(group, job, contact, nowMs)),
  ]);
}

/** Number of jobs that have not ended. */
export function activeJobs(fleet: FleetState): number {
  return [...fleet.jobs.values()].filter((job) => !isJobEnded(job.state)).length;
}

interface Group {
  id: string;
  label: string;
  icon: RowIcon | null;
  description: string;
  /** Whether its label says on which host its jobs run. */
  isHost: boolean;
  /** At least one. */
  jobs: readonly JobRecord[];
}

function byState(jobs: readonly JobRecord[]): Group[] {
  const groups = [
    { id: "active", label: say.active, jobs: jobs.filter((job) => !isJobEnded(job.state)) },
    { id: "ended", label: say.ended, jobs: jobs.filter((job) => isJobEnded(job.state)) },
  ];
  return groups
    .filter((group) => group.jobs.length > 0)
    .map((group) => ({ ...group, icon: null, isHost: false, description: String(group.jobs.length) }));
}

/** Hosts in their order; those that were removed follow. */
function byHost(jobs: readonly JobRecord[], fleet: FleetState): Group[] {
  const ids = [...hostsInOrder(fleet).map(({ record }) => record.id), ...jobs.map(({ hostId }) => hostId)];
  return [...new Set(ids)].flatMap((hostId) => {
    const own = jobs.filter((job) => job.hostId === hostId);
    const [first] = own;
    if (first === undefined) return [];
    const running = own.filter((job) => !isJobEnded(job.state)).length;
    return {
      id: `host/${hostId}`,
      label: fleet.hosts.get(hostId)?.record.name ?? first.host,
      icon: { codicon: "vm", color: null },
      description: [
        ...(running > 0 ? [say.running(running)] : []),
        ...(running < own.length ? [say.done(own.length - running)] : []),
        ...(fleet.hosts.has(hostId) ? [] : [say.hostGone]),
      ].join(" · "),
      isHost: true,
      jobs: own,
    };
  });
}

function headOf({ id, label, icon, description, jobs }: Group): TreeRow {
  return {
    id,
    parentId: null,
    kind: "group",
    hostId: null,
    label,
    description,
    icon,
    isStale: false,
    contextValue: "hwledger.jobs",
    accessibilityLabel: say.groupSpoken(label, jobs.length),
    fold: "open",
  };
}

function jobRow(group: Group, job: JobRecord, contact: Contact, nowMs: number): TreeRow {
  const label = printable(jobLabel(job));
  const isActive = !isJobEnded(job.state);
  const outcome = printable(isActive ? lastKnown(job, contact, nowMs) : endedText(job, nowMs));
  const description = group.isHost ? outcome : `${job.host} · ${outcome}`;
  const isStale = isActive && contact.kind !== "live";
  return {
    id: job.id,
    parentId: group.id,
    kind: "job",
    hostId: job.hostId,
    label,
    description,
    icon: jobIcon(job, isStale),
    isStale,
    contextValue: `hwledger.job.${isActive ? "active" : "ended"}`,
    accessibilityLabel: say.spoken(label, job.host, outcome),
    fold: "leaf",
  };
}

/** What a job does; without contact to the service what it did when there was. */
function lastKnown(job: JobRecord, contact: Contact, nowMs: number): string {
  if (contact.kind === "live") return activeText(job, nowMs);
  const age = contact.sinceMs === undefined ? null : formatAge(nowMs - contact.sinceMs);
  return say.was(jobOutcomeText(job), age);
}

function activeText(job: JobRecord, nowMs: number): string {
  const { contact, startedAtMs } = job;
  if (contact.kind === "lost") return say.noContact(job.state, forAge(nowMs - contact.sinceMs));
  if (job.logStall) return say.logWaits(job.state, forAge(nowMs - job.logStall.sinceMs));
  const lasts = startedAtMs === null || job.cancelRequestedBy !== null ? "" : forAge(nowMs - startedAtMs);
  return jobOutcomeText(job) + lasts;
}

/** ` for 3 min`; nothing for the first moments. */
function forAge(ageMs: number): string {
  return ageMs < 10_000 ? "" : say.forAge(formatAge(ageMs));
}

function endedText(job: JobRecord, nowMs: number): string {
  const age = job.endedAtMs === null ? null : formatAge(nowMs - job.endedAtMs);
  return say.over(jobOutcomeText(job), age);
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
