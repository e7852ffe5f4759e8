import { formatDuration } from "../../protocol/duration.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { formatAge, formatBytes } from "./figures.ts";
import { jobLabel, jobOutcomeText } from "./jobText.ts";
import { markdownTable, markdownText } from "./markdown.ts";
import { jobWords } from "./words/jobWords.ts";

const say = jobWords.tooltip;

/** Everything known about a job, as Markdown. */
export function jobTooltip(job: JobRecord, nowMs: number): string {
  const { contact } = job;
  const lines: (readonly [string, string])[] = [
    [say.state, isJobEnded(job.state) ? `${job.state}: ${jobOutcomeText(job)}` : jobOutcomeText(job)],
    [say.script, [job.script, ...job.args.map((arg) => JSON.stringify(arg))].join(" ")],
    [say.dispatched, say.agoBy(formatAge(nowMs - job.createdAtMs), job.createdBy.replace(/^user\//, ""))],
    [say.runBy, job.interpreter ?? say.notStarted],
    [say.directory, job.directory ?? say.notStarted],
    [say.timeLimit, job.timeoutMs === null ? say.noLimit : formatDuration(job.timeoutMs)],
    [say.log, formatBytes(job.logBytes) + logEndText(job)],
    [say.job, job.id],
  ];
  if (contact.kind === "lost") lines.push([say.contact, say.lost(contact.atByte, contact.reason)]);
  return `${say.title(markdownText(jobLabel(job)), markdownText(job.host))}\n\n${markdownTable(lines)}`;
}

function logEndText(job: JobRecord): string {
  if (job.logComplete) return say.complete;
  if (job.logStall) return say.waits(job.logStall.atByte, job.logStall.reason);
  return isJobEnded(job.state) && job.startedAtMs !== null ? say.brokenOff : "";
}
