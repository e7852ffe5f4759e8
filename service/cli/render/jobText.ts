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
    paint(job, style),
    job.exitCode === null ? "" : String(job.exitCode),
    job.host,
    job.script,
    runTimeText(job, nowMs),
    timeText(job.createdAtMs),
    job.createdBy.replace(/^user\//, ""),
  ]);
  return renderTable(columns, rows);
}

/** Everything about one job: `job show`. */
export function jobText(job: JobRecord, nowMs: number, style: Style): string {
  const facts: [string, string][] = [
    ["job", style.bold(job.id)],
    ["state", paint(job, style) + (job.cause ? `: ${causeText(job.cause)}` : "")],
    ["host", job.host],
    ["script", [job.script, ...job.args.map((arg) => JSON.stringify(arg))].join(" ")],
    ["run by", job.interpreter ?? "not started"],
    ["in", job.directory ?? "–"],
    ["environment", job.envNames.join(" ") || "–"],
    ["time limit", job.timeoutMs === null ? "none" : formatDuration(job.timeoutMs)],
    ["dispatched", `${timeText(job.createdAtMs)} by ${job.createdBy.replace(/^user\//, "")}`],
    ["started", job.startedAtMs === null ? "–" : timeText(job.startedAtMs)],
    ["ended", job.endedAtMs === null ? "–" : `${timeText(job.endedAtMs)} after ${runTimeText(job, nowMs)}`],
    ["log", `${bytesText(job.logBytes)}${job.logComplete ? ", complete" : ""}`],
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
