import type { JobRecord } from "../../protocol/job.ts";
import type { EventPayload, LedgerEvent } from "../../protocol/ledger/events.ts";

/** The jobs as their events alone tell of them. */
export function jobsOfEvents(events: readonly LedgerEvent[]): Map<string, Partial<JobRecord>> {
  const jobs = new Map<string, Partial<JobRecord>>();
  for (const { type, payload, atMs, actor } of events) {
    if (!type.startsWith("job.")) continue;
    const { jobId } = payload as { jobId: string };
    const job = jobs.get(jobId) ?? {};
    const change = changeOf(type, payload, atMs, actor);
    const { lastedMs = null } = payload as { lastedMs?: number | null };
    if (change.endedAtMs && job.startedAtMs && job.createdAtMs && lastedMs !== null) {
      change.endedAtMs = Math.min(atMs, job.startedAtMs + lastedMs);
      change.startedAtMs = Math.min(job.startedAtMs, Math.max(job.createdAtMs, change.endedAtMs - lastedMs));
    }
    jobs.set(jobId, { ...job, ...change });
  }
  return jobs;
}

function changeOf(type: string, payload: unknown, atMs: number, actor: string): Partial<JobRecord> {
  switch (type) {
    case "job.queued": {
      const { script, args, envNames, timeoutMs } = payload as EventPayload<"job.queued">;
      return { state: "queued", script, args, envNames, timeoutMs, createdBy: actor, createdAtMs: atMs };
    }
    case "job.placed": {
      const { hostId, host } = payload as EventPayload<"job.placed">;
      return { state: "placed", hostId, host };
    }
    case "job.syncing":
      return { state: "syncing" };
    case "job.running": {
      const { interpreter, directory, archiveBytes } = payload as EventPayload<"job.running">;
      return { state: "running", interpreter, directory, archiveBytes, startedAtMs: atMs };
    }
    case "job.cancel-requested":
      return { cancelRequestedBy: actor };
    default: {
      const { exitCode, cause, logBytes, logSha256 } = payload as EventPayload<"job.failed">;
      const state = type.slice(4) as JobRecord["state"];
      return { state, exitCode, cause, logBytes, logSha256, endedAtMs: atMs };
    }
  }
}
