import type { JobId } from "../../protocol/ids.ts";
import type { JobSpec } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { RunnerReport } from "../../protocol/runner/runnerReport.ts";
import type { ShellTarget } from "../../protocol/shells/hostShell.ts";
import type { RunnerClosed } from "./readReports.ts";

/** The job that was to start, and where. */
interface Launched {
  jobId: JobId;
  spec: JobSpec;
  target: ShellTarget;
}

const diskFull = /no space left|disk quota exceeded|disk full|ENOSPC|EDQUOT/i;

/** Why a host has not unpacked an archive, by what it answered. */
export function unpackRefusal(report: RunnerReport | RunnerClosed, options: Launched): Refusal {
  const host = options.target.name;
  if (report.kind === "closed") return new Refusal("host-connection-lost", { host, reason: report.reason });
  const reason = report.kind === "unpack-failed" ? report.reason : `it answered ${report.kind}`;
  return diskFull.test(reason)
    ? diskRefusal(options, reason)
    : new Refusal("unpack-failed", { host, reason });
}

/** Why a host has not prepared or started a job, by what it answered. */
export function startRefusal(report: RunnerReport | RunnerClosed, options: Launched): Refusal {
  const host = options.target.name;
  const { script, launch } = options.spec;
  if (report.kind === "no-interpreter") {
    const candidates = launch.kind === "path" ? launch.path : launch.candidates.join(", ");
    return new Refusal("interpreter-missing", { host, candidates, script });
  }
  if (report.kind === "no-script") return new Refusal("script-missing", { script });
  if (report.kind === "closed") return new Refusal("host-connection-lost", { host, reason: report.reason });
  const said = report.kind === "no-room" || report.kind === "start-failed";
  const reason = said ? report.reason : `it answered ${report.kind}`;
  return report.kind === "no-room" && diskFull.test(reason)
    ? diskRefusal(options, reason)
    : new Refusal("start-failed", { host, reason });
}

function diskRefusal(options: Launched, reason: string): Refusal {
  return new Refusal("host-disk-full", {
    host: options.target.name,
    directory: `~/.hwledger/jobs/${options.jobId}`,
    reason,
  });
}
