import type { Readable } from "node:stream";
import type { JobRecord, JobSpec } from "../../protocol/job.ts";
import { problemOf, Refusal } from "../../protocol/problem.ts";
import type { Jobs } from "../dispatch/jobs.ts";

/** Jobs whose workspace is still to come. Their specs are in memory only: a restart fails them. */
export interface PendingUploads {
  expect(job: JobRecord, spec: JobSpec): void;
  /** Hands the arriving workspace to dispatch. Throws `upload-unexpected`. */
  take(job: JobRecord, tar: Readable): Promise<JobRecord>;
  /** Ends a job that still waits for its workspace; nothing when it does not. */
  cancel(job: JobRecord): void;
  stop(): void;
}

/** What pending uploads need. */
export interface PendingUploadNeeds {
  jobs: Pick<Jobs, "advance" | "get">;
  start: (job: JobRecord, spec: JobSpec, archive: Readable) => Promise<JobRecord>;
  /** Longest wait for an upload to begin, in milliseconds. */
  waitMs: number;
  log: (message: string, error: unknown) => void;
}

/** Between attempts to write down that a workspace never came: doubles from the first to the second. */
const retryMinMs = 1_000;
const retryMaxMs = 30_000;

/** Keeps the specs of jobs until their upload begins; one that never begins ends the job with `upload-incomplete`. */
export function createPendingUploads(needs: PendingUploadNeeds): PendingUploads {
  const waiting = new Map<string, { spec: JobSpec; timer: NodeJS.Timeout }>();

  function giveUp(job: JobRecord): void {
    if (needs.jobs.get(job.id)?.state !== "placed") return;
    const { code, title, detail } = problemOf("upload-incomplete", { bytes: 0 });
    needs.jobs.advance(
      job.id,
      {
        to: "failed",
        exitCode: null,
        cause: { kind: "not-started", code, title, detail },
        logBytes: 0,
        logSha256: null,
        logComplete: false,
        lastedMs: null,
      },
      "service",
    );
  }

  /** Until it is written down: the disk may be full now and have room again later. */
  function tryToGiveUp(job: JobRecord, spec: JobSpec, nextMs: number): void {
    waiting.delete(job.id);
    try {
      giveUp(job);
    } catch (error) {
      needs.log(`job ${job.id} waited for its workspace in vain, which could not be noted`, error);
      const again = (): void => tryToGiveUp(job, spec, Math.min(2 * nextMs, retryMaxMs));
      waiting.set(job.id, { spec, timer: setTimeout(again, nextMs) });
    }
  }

  return {
    expect(job, spec) {
      const timer = setTimeout(() => tryToGiveUp(job, spec, retryMinMs), needs.waitMs);
      waiting.set(job.id, { spec, timer });
    },
    async take(job, tar) {
      const pending = waiting.get(job.id);
      if (!pending) {
        tar.destroy();
        throw new Refusal("upload-unexpected", { job: job.id, state: job.state });
      }
      clearTimeout(pending.timer);
      waiting.delete(job.id);
      return needs.start(job, pending.spec, tar);
    },
    cancel(job) {
      const pending = waiting.get(job.id);
      if (!pending) return;
      clearTimeout(pending.timer);
      waiting.delete(job.id);
    },
    stop() {
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
