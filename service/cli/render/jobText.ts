import { formatDuration } from "../../../protocol/duration.ts";
import { isJobEnded, type JobCause, type JobRecord } from "../../../protocol/job.ts";
import type { Style } from "../terminal.ts";
import { bytesText, timeText } from "./figures.ts";
import { printable, renderTable } from "./table.ts";

/** Why a job ended, for people. */
export function causeText(cause: JobCause): string {
  switch (cause.kind) {
    case "exited":
      return `exit ${cause.code}`;
    case "exited-or-killed":
      return `exit ${cause.code} (or killed by ${cause.signal}: the shell says the same for both)`;
    case "cancelled":
      return `cancelled by ${cause.by.replace(/^user\//, "")}`;
    case "time-limit":
      return `ended at its time limit of ${formatDuration(cause.limitMs)}`;
    case "not-started":
      return `never started: ${cause.title}. ${cause.detail}`;
    case "reboot":
      return "the host was restarted while it ran";
    case "lost":
      return `lost: ${cause.detail}`;
  }
}

/** How a job ended, in one line: `exit 3 after 12 s`. */
export function jobEndText(job: JobRecord): string {
  const text = job.cause ? causeText(job.cause) : job.state;
  if (job.startedAtMs === null || job.endedAtMs === null) return text;
  const complete = job.logComplete ? "" : `; the log broke off at byte ${job.logBytes}`;
  return `${text} after ${formatDuration(job.endedAtMs - job.startedAtMs)}${complete}`;
}

/** Where a dispatched job is and what to do with it: `dispatch` without following. */
export function startedText(job: JobRecord): string {
  const where = job.directory === null ? job.host : `${job.host} in ${printable(job.directory)}`;
  if (isJobEnded(job.state))
    return `${job.id} ran on ${where}: ${printable(jobEndText(job))}\nIts log:    hwledger logs ${job.id}`;
  const how = job.state === "running" ? `runs on ${where}` : `is on its way to ${job.host} (${job.state})`;
  return `${job.id} ${how}\nFollow it:  hwledger logs ${job.id} --follow\nEnd it:     hwledger cancel ${job.id}`;
}

/** What becomes of a job whose end was asked for. */
export function cancelText({ id, host, contact }: JobRecord, nowMs: number): string {
  if (contact.kind === "ok") return `${id} on ${host} is asked to end. See: hwledger job show ${id}`;
  const silent = formatDuration(nowMs - contact.sinceMs);
  return [
    `${id} will be cancelled when ${host} answers again: it has been out of contact for ${silent} (${printable(contact.reason)}).`,
    `If ${host} is gone for good, an admin ends its jobs as lost:  hwledger host rm ${host} --force`,
  ].join("\n");
}

/** How long a job has run or ran; empty before it started. */
export function runTimeText(job: JobRecord, nowMs: number): string {
  if (job.startedAtMs === null) return "";
  return formatDuration((job.endedAtMs ?? nowMs) - job.startedAtMs);
}

function paint(job: JobRecord, style: Style): string {
  if (job.state === "succeeded") return style.green(job.state);
  return isJobEnded(job.state) ? style.red(job.state) : style.yellow(job.state);
}

/** The table of `job ls`. */
export function jobListText(jobs: readonly JobRecord[], nowMs: number, style: Style): string {
  if (jobs.length === 0) return "No jobs yet. Run one with `hwledger dispatch FILE --host NAME`.";
  const right = "right" as const;
  const columns = [
    { title: "JOB" },
    { title: "STATE" },
    { title: "EXIT", align: right },
    { title: "HOST" },
    { title: "SCRIPT" },
    { title: "TIME", align: right },
    { title: "DISPATCHED" },
    { title: "BY" },
  ];
  const rows = jobs.map((job) => [
    job.id,
    paint(job, style) + (job.cause?.kind === "not-started" ? style.dim(", never ran") : ""),
    job.exitCode === null ? "" : String(job.exitCode),
    job.host,
    job.script,
    runTimeText(job, nowMs),
    timeText(job.createdAtMs),
    job.createdBy.replace(/^user\//, ""),
  ]);
  return renderTable(columns, rows);
}

/** Why the job is in its state, after the state's word. */
function stateReason({ cause }: JobRecord): string {
  if (cause === null) return "";
  if (cause.kind === "cancelled") return ` by ${cause.by.replace(/^user\//, "")}`;
  return `: ${cause.kind === "lost" ? cause.detail : causeText(cause)}`;
}

/** Everything about one job: `job show`. */
export function jobText(job: JobRecord, nowMs: number, style: Style): string {
  const facts: [string, string][] = [
    ["job", style.bold(job.id)],
    ["state", paint(job, style) + stateReason(job)],
    ["host", job.host],
    ["script", [job.script, ...job.args.map((arg) => JSON.stringify(arg))].join(" ")],
    ["run by", job.interpreter ?? "not started"],
    ["in", job.directory ?? "–"],
    ["environment", job.envNames.join(" ") || "–"],
    ["time limit", job.timeoutMs === null ? "none" : formatDuration(job.timeoutMs)],
    ["dispatched", `${timeText(job.createdAtMs)} by ${job.createdBy.replace(/^user\//, "")}`],
    ["started", job.startedAtMs === null ? "–" : timeText(job.startedAtMs)],
    ["ended", job.endedAtMs === null ? "–" : `${timeText(job.endedAtMs)}${ranText(job, nowMs)}`],
    ["log", bytesText(job.logBytes) + logEndText(job)],
  ];
  if (job.contact.kind === "lost")
    facts.push([
      "contact",
      style.red(
        `lost ${formatDuration(nowMs - job.contact.sinceMs)} ago at byte ${job.contact.atByte}: ${job.contact.reason}`,
      ),
    ]);
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${style.dim(name.padEnd(width))}  ${printable(value)}`).join("\n");
}

function logEndText(job: JobRecord): string {
  if (job.logComplete) return ", complete";
  if (job.logStall) return `, waits at byte ${job.logStall.atByte}: ${job.logStall.reason}`;
  return isJobEnded(job.state) && job.startedAtMs !== null ? ", broken off" : "";
}

function ranText(job: JobRecord, nowMs: number): string {
  return job.startedAtMs === null ? ", never started" : ` after ${runTimeText(job, nowMs)}`;
}
