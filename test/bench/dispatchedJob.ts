import { randomUUID } from "node:crypto";
import type { JobId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { launchOf } from "../../protocol/launch.ts";
import type { BenchService } from "./benchService.ts";

/** Sends a shell script as a job with its workspace inside the request. */
export function dispatchScript(
  { client, host }: Pick<BenchService, "client" | "host">,
  tarBase64: string,
): Promise<JobRecord> {
  const launch = launchOf("main.sh", "", null);
  if (launch === null) throw new Error("shell scripts have no launch");
  const spec = { script: "main.sh", args: [], launch, env: {}, timeoutMs: null };
  const body = { host: host.id, spec, workspace: { kind: "inline" as const, tarBase64 } };
  return client.call("createJob", { body }, { idempotencyKey: randomUUID() });
}

const limitMs = 60_000;

/** Follows a job on the stream to the end of its log and its end. Rejects for a job that did not succeed. */
export function followJob(
  { stream }: Pick<BenchService, "stream">,
  id: JobId,
  onLog: (bytes: Uint8Array) => void,
): Promise<JobRecord> {
  return new Promise((resolve, reject) => {
    let job: JobRecord | null = null;
    let logEnded = false;
    const timer = setTimeout(() => finish(new Error(`job ${id} took longer than ${limitMs} ms`)), limitMs);
    const stop = stream.subscribe(
      `job:${id}`,
      {
        onLog,
        onData(data) {
          if (data.kind === "job") job = data.job;
          look();
        },
        onLogEnd() {
          logEnded = true;
          look();
        },
        onProblem: (problem) => finish(new Error(problem.detail)),
      },
      { logFrom: 0 },
    );
    function look(): void {
      if (job === null || job.endedAtMs === null || !logEnded) return;
      finish(job.state === "succeeded" ? null : new Error(`job ${id}: ${JSON.stringify(job.cause)}`));
    }
    function finish(error: Error | null): void {
      clearTimeout(timer);
      stop();
      if (error) reject(error);
      else if (job) resolve(job);
    }
  });
}
