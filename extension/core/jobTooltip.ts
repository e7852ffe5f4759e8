import { formatDuration } from "../../protocol/duration.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { formatAge, formatBytes } from "./figures.ts";
import { jobLabel, jobOutcomeText } from "./jobText.ts";
import { markdownTable, markdownText } from "./markdown.ts";

/** Everything known about a job, as Markdown. */
export function jobTooltip(job: JobRecord, nowMs: number): string {
  const { contact } = job;
  const lines: (readonly [string, string])[] = [
    ["State", isJobEnded(job.state) ? `${job.state}: ${jobOutcomeText(job)}` : jobOutcomeText(job)],
    ["Script", [job.script, ...job.args.map((arg) => JSON.stringify(arg))].join(" ")],
    ["Dispatched", `${formatAge(nowMs - job.createdAtMs)} ago by ${job.createdBy.replace(/^user\//, "")}`],
    ["Run by", job.interpreter ?? "not started"],
    ["In", job.directory ?? "not started"],
    ["Time limit", job.timeoutMs === null ? "none" : formatDuration(job.timeoutMs)],
    ["Log", formatBytes(job.logBytes) + logEndText(job)],
    ["Job", job.id],
  ];
  if (contact.kind === "lost")
    lines.push(["Contact", `lost at byte ${contact.atByte} of its log: ${contact.reason}`]);
  return `**${markdownText(jobLabel(job))}** on ${markdownText(job.host)}\n\n${markdownTable(lines)}`;
}

function logEndText(job: JobRecord): string {
  if (job.logComplete) return ", complete";
  if (job.logStall) return `, waits at byte ${job.logStall.atByte}: ${job.logStall.reason}`;
  return isJobEnded(job.state) && job.startedAtMs !== null ? ", broken off" : "";
}
