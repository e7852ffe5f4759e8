import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { RemoteProblem } from "../../protocol/problem.ts";
import type { StreamState } from "../../protocol/client/streamClient.ts";
import type { Context } from "./context.ts";
import { createPatience } from "./createPatience.ts";
import { printable } from "./render/table.ts";

/** How following ended: with the job, because the person pressed Ctrl-C, or because service or host were away too long. */
export type FollowEnd =
  { kind: "ended"; job: JobRecord } | { kind: "interrupted" | "given-up"; job: JobRecord; atByte: number };

/** What one who follows may want besides. */
export interface FollowOptions {
  onState?: (job: JobRecord) => void;
  /** Longest time without service or host, in milliseconds; without it they are waited for until Ctrl-C. */
  giveUpAfterMs?: number;
}

/**
 * Writes a job's log from a byte on as it comes, over reconnects, until it is complete. Rejects when the service
 * refuses; a service that cannot be reached is waited for, and stderr says so: the job goes on without us.
 */
export function followJob(
  context: Context,
  job: JobRecord,
  from: number,
  write: (bytes: Uint8Array) => Promise<void>,
  { onState = () => undefined, giveUpAfterMs }: FollowOptions = {},
): Promise<FollowEnd> {
  return new Promise((resolve, reject) => {
    let newest = job;
    let atByte = from;
    const tellService = serviceContact(
      context,
      () =>
        `Lost contact with the service at byte ${atByte}, reconnecting …` +
        (newest.state === "running" ? " The job runs on." : ""),
    );
    const tellHost = hostContact(context);
    const patience = createPatience(giveUpAfterMs ?? null, () =>
      finish(() => resolve({ kind: "given-up", job: newest, atByte })),
    );
    const stream = context.stream((state) => {
      if (state.kind === "refused") finish(() => reject(state.error));
      else tellService(state);
      if (state.kind === "waiting" || state.kind === "connected")
        patience.note("service", state.kind === "waiting");
    });
    const stopListening = context.terminal.onInterrupt(() =>
      finish(() => resolve({ kind: "interrupted", job: newest, atByte })),
    );
    function finish(settle: () => void): void {
      patience.stop();
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
          tellHost(newest);
          patience.note("host", newest.contact.kind === "lost");
          onState(newest);
        },
        async onLog(bytes) {
          try {
            await write(bytes);
          } catch (error) {
            finish(() => reject(error));
          }
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

/** What is true of a job that is no longer followed. */
export function leftText({ kind, job }: Exclude<FollowEnd, { kind: "ended" }>): string {
  if (kind === "interrupted") return `${job.id} still runs on ${job.host}.`;
  return `Given up. When last heard of, ${job.id} was ${job.state} on ${job.host}; nothing ended it.`;
}

/** Says once when the service is lost, with this text, and when it is back. */
export function serviceContact(context: Context, lostText: () => string): (state: StreamState) => void {
  const { err } = context;
  let isLost = false;
  return (state) => {
    if (state.kind === "waiting" && !isLost) {
      isLost = true;
      context.note(err.yellow(lostText()));
    } else if (state.kind === "connected" && isLost) {
      isLost = false;
      context.note(err.dim("Connected again."));
    }
  };
}

/** Says once when the service has lost the job's host or cannot keep its log, and when the host is back. */
function hostContact(context: Context): (job: JobRecord) => void {
  const { err } = context;
  let isLost = false;
  let isStalled = false;
  return ({ contact, host, state, logStall }) => {
    if (logStall && !isStalled)
      context.note(
        err.yellow(
          `The log waits at byte ${logStall.atByte}: ${printable(logStall.reason)}. The job runs on.`,
        ),
      );
    isStalled = Boolean(logStall);
    if (contact.kind === "lost" && !isLost) {
      isLost = true;
      const why = printable(contact.reason);
      context.note(
        err.yellow(`Lost contact with ${host} at byte ${contact.atByte}, trying again … (${why})`),
      );
    } else if (contact.kind === "ok" && isLost) {
      isLost = false;
      if (!isJobEnded(state)) context.note(err.dim(`${host} answers again.`));
    }
  };
}
