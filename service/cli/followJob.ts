import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { RemoteProblem } from "../../protocol/problem.ts";
import type { Context } from "./context.ts";

/** How following ended: with the job, or because the person pressed Ctrl-C. */
export type FollowEnd =
  { kind: "ended"; job: JobRecord } | { kind: "interrupted"; job: JobRecord; atByte: number };

/**
 * Writes a job's log from a byte on as it comes, over reconnects, until it is complete. Rejects when the service
 * refuses; a service that cannot be reached is waited for, and stderr says so.
 */
export function followJob(
  context: Context,
  job: JobRecord,
  from: number,
  write: (bytes: Uint8Array) => Promise<void>,
  onState: (job: JobRecord) => void = () => undefined,
): Promise<FollowEnd> {
  return new Promise((resolve, reject) => {
    let newest = job;
    let atByte = from;
    let wasLost = false;
    const stream = context.stream((state) => {
      if (state.kind === "refused") finish(() => reject(state.error));
      else if (state.kind === "waiting" && !wasLost) {
        wasLost = true;
        context.note(
          context.err.yellow(
            `Lost contact with the service at byte ${atByte}, reconnecting. The job runs on.`,
          ),
        );
      } else if (state.kind === "connected" && wasLost) {
        wasLost = false;
        context.note(context.err.dim("Connected again."));
      }
    });
    const stopListening = context.terminal.onInterrupt(() =>
      finish(() => resolve({ kind: "interrupted", job: newest, atByte })),
    );
    function finish(settle: () => void): void {
      stopListening();
      stream.close();
      settle();
    }
    stream.subscribe(
      `job:${job.id}`,
      {
        onData(data) {
          if (data.kind !== "job") return;
          newest = data.job;
          onState(newest);
        },
        async onLog(bytes) {
          await write(bytes);
          atByte += bytes.length;
        },
        onLogEnd() {
          if (isJobEnded(newest.state)) return finish(() => resolve({ kind: "ended", job: newest }));
          void context
            .client()
            .call("getJob", { params: { job: job.id } })
            .then(
              (last) => finish(() => resolve({ kind: "ended", job: last })),
              (error: unknown) => finish(() => reject(error)),
            );
        },
        onProblem: (problem) => finish(() => reject(new RemoteProblem(problem))),
      },
      { logFrom: from },
    );
  });
}
