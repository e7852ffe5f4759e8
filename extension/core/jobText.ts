import { formatDuration } from "../../protocol/duration.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { jobWords } from "./words/jobWords.ts";

const say = jobWords.ends;

/** How a job stands or ended, in a few words: `running`, `exit 3 after 12 s`, `cancelled by ada after 3 min`. */
export function jobOutcomeText(job: JobRecord): string {
  if (!isJobEnded(job.state))
    return job.cancelRequestedBy === null ? job.state : jobWords.beingCancelled(job.state);
  const timeless: readonly (string | undefined)[] = ["time-limit", "not-started", "lost"];
  return `${jobEndText(job)}${timeless.includes(job.cause?.kind) ? "" : lastedText(job)}`;
}

/** How a job ended, without how long it took. */
export function jobEndText(job: JobRecord): string {
  const { cause } = job;
  if (cause === null) return job.state;
  switch (cause.kind) {
    case "exited":
      return say.exit(cause.code);
    case "exited-or-killed":
      return say.exitOrKilled(cause.code, cause.signal);
    case "cancelled":
      return say.cancelled(memberOf(cause.by));
    case "time-limit":
      return say.timeLimit(formatDuration(cause.limitMs));
    case "not-started":
      return say.neverStarted(cause.title, cause.detail);
    case "reboot":
      return say.restarted(job.host);
    case "lost":
      return say.lost(cause.detail);
  }
}

/** Whether an end is good news, of somebody's choosing, or bad. */
export function jobTone(job: Pick<JobRecord, "state">): "pending" | "good" | "chosen" | "bad" {
  switch (job.state) {
    case "queued":
    case "placed":
    case "syncing":
    case "running":
      return "pending";
    case "succeeded":
      return "good";
    case "cancelled":
      return "chosen";
    case "failed":
    case "timed-out":
    case "lost":
      return "bad";
  }
}

/** What to call a job: its script's file name. */
export function jobLabel(job: Pick<JobRecord, "script">): string {
  return job.script.slice(job.script.lastIndexOf("/") + 1);
}

/** The name of an actor such as `user/ada`. */
export function memberOf(actor: string): string {
  return actor.replace(/^user\//, "");
}

function lastedText(job: JobRecord): string {
  if (job.startedAtMs === null || job.endedAtMs === null) return "";
  return say.after(formatDuration(job.endedAtMs - job.startedAtMs));
}
