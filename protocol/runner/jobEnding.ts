import type { JobCause } from "../job.ts";
import type { JobEvidence } from "./runnerReport.ts";

/** The state a job ends in, and why. */
export interface JobEnding {
  to: "succeeded" | "failed" | "cancelled" | "timed-out" | "lost";
  exitCode: number | null;
  cause: JobCause;
}

/**
 * What the evidence on the host says about a job's end. Pure. A shell says the same for `exit 137` and for SIGKILL:
 * where nothing says who ended the job, both are said.
 */
export function jobEnding(evidence: JobEvidence, timeoutMs: number | null): JobEnding {
  switch (evidence.kind) {
    case "ended":
      return endingOfExit(evidence, timeoutMs);
    case "unusable":
      return lostJob(`its host reported an end that makes no sense: ${evidence.said}`);
    case "rebooted":
      return { to: "failed", exitCode: null, cause: { kind: "reboot" } };
    case "vanished": {
      const left =
        evidence.processes === "running"
          ? "processes of the job still run there"
          : "no process of the job is left";
      return lostJob(`the job's supervisor ended without an exit record; ${left}`);
    }
  }
}

/** The ending of a job of which nothing more can be known. */
export function lostJob(detail: string): JobEnding {
  return { to: "lost", exitCode: null, cause: { kind: "lost", detail } };
}

function endingOfExit(
  evidence: Extract<JobEvidence, { kind: "ended" }>,
  timeoutMs: number | null,
): JobEnding {
  const exitCode = evidence.code;
  switch (evidence.why.kind) {
    case "cancelled":
      return { to: "cancelled", exitCode, cause: { kind: "cancelled", by: evidence.why.by } };
    case "time-limit":
      if (timeoutMs === null) return lostJob("its host reported a time limit, of which it had none");
      return { to: "timed-out", exitCode, cause: { kind: "time-limit", limitMs: timeoutMs } };
    case "none":
      if (exitCode === 0) return { to: "succeeded", exitCode, cause: { kind: "exited", code: 0 } };
      return {
        to: "failed",
        exitCode,
        cause:
          exitCode > 128 && evidence.signal !== null
            ? { kind: "exited-or-killed", code: exitCode, signal: `SIG${evidence.signal}` }
            : { kind: "exited", code: exitCode },
      };
  }
}
