import type { JobId } from "../../protocol/ids.ts";
import type { JobEvidence } from "../../protocol/runner/runnerReport.ts";
import type { LogStore } from "./createLogStore.ts";
import type { After } from "./dispatchDeps.ts";
import type { Runner } from "./openRunner.ts";
import { brokenReason } from "./readReports.ts";

/** Where a job runs and with which files, as its host has it on record. */
export interface Following {
  interpreter: string;
  directory: string;
  archiveBytes: number;
  archiveSha256: string;
}

/** How the following of a job over one connection ended. */
export type SessionEnd =
  /** The job is over. `whole`: every byte of its log is held. */
  | { kind: "over"; evidence: JobEvidence; whole: boolean }
  | { kind: "unstarted" }
  | { kind: "gone" }
  /** Others needed the shell; the job is followed on with another one. */
  | { kind: "yielded" }
  /** The service could not keep what came; the host is well. */
  | { kind: "unkept"; error: unknown }
  /** Nothing is known but that it has to be tried again. */
  | { kind: "broken"; reason: string };

export interface SessionOptions {
  jobId: JobId;
  logs: LogStore;
  after: After;
  /** For the next byte once the job is over. */
  drainMs: number;
  onFollowing: (following: Following) => void;
  onBytes: () => void;
}

/**
 * Mirrors a job's log through a runner that follows it, until the job is over and its log is whole, or the connection
 * broke. The runner is closed and nothing writes to the mirror any more when this fulfils. Never rejects.
 */
export async function followSession(runner: Runner, options: SessionOptions): Promise<SessionEnd> {
  const end = Promise.withResolvers<SessionEnd>();
  const state: SessionState = { evidence: null, noLog: false, over: false, stopDrain: () => {} };
  const settle = (): void => {
    const { evidence } = state;
    if (evidence === null) return;
    if (evidence.kind === "unusable") return;
    const whole = options.logs.size(options.jobId) >= evidence.logBytes;
    if (whole || state.noLog) end.resolve({ kind: "over", evidence, whole });
  };
  const fail = (error: unknown): void => end.resolve({ kind: "broken", reason: brokenReason(error) });
  const unkept = (error: unknown): void => end.resolve({ kind: "unkept", error });
  let isFollowing = false;
  const onFollowing = (following: Following): void => {
    if (isFollowing) return;
    isFollowing = true;
    try {
      options.onFollowing(following);
    } catch (error) {
      return unkept(error);
    }
    void runner.wanted.then(() => {
      const stop = options.after(leastFollowMs, () => end.resolve({ kind: "yielded" }));
      void end.promise.then(stop);
    });
  };
  const pumped = pump(runner, options, state, settle, unkept).catch(fail);
  void listen(runner, { ...options, onFollowing }, state, settle).then(end.resolve, fail);
  const result = await end.promise;
  state.over = true;
  state.stopDrain();
  runner.close();
  await Promise.race([pumped, state.appending ?? Promise.resolve()]);
  return result;
}

/** One that is asked for its shell goes on this long: what waits on the host comes first. */
const leastFollowMs = 300;

interface SessionState {
  evidence: JobEvidence | null;
  noLog: boolean;
  over: boolean;
  appending?: Promise<void>;
  stopDrain: () => void;
}

async function pump(
  runner: Runner,
  options: SessionOptions,
  state: SessionState,
  settle: () => void,
  unkept: (error: unknown) => void,
): Promise<void> {
  let offset = options.logs.size(options.jobId);
  let waitingBytes = 0;
  for await (const chunk of runner.output) {
    if (state.over) continue;
    const appending = options.logs.append(options.jobId, chunk, offset).then(() => {
      waitingBytes -= chunk.length;
      options.onBytes();
      settle();
    }, unkept);
    offset += chunk.length;
    waitingBytes += chunk.length;
    state.appending = appending;
    if (waitingBytes > mostWaitingBytes) await appending;
    await options.logs.room(options.jobId);
  }
  await state.appending;
}

/** Bytes on their way to the disk above which the host is made to wait. */
const mostWaitingBytes = 1_048_576;

/** Listens to the runner until it says how the job or the connection ended. */
async function listen(
  runner: Runner,
  options: SessionOptions,
  state: SessionState,
  settle: () => void,
): Promise<SessionEnd> {
  const following: Following = { interpreter: "", directory: "", archiveBytes: 0, archiveSha256: "" };
  for (;;) {
    const report = await runner.next();
    switch (report.kind) {
      case "interpreter":
        following.interpreter = report.path;
        break;
      case "directory":
        following.directory = report.path;
        break;
      case "following":
        options.onFollowing({ ...following, ...archiveOf(report) });
        break;
      case "no-log":
        state.noLog = true;
        break;
      case "log-left":
        if (state.evidence !== null) break;
        return { kind: "broken", reason: "what read its log there was ended" };
      case "ended":
      case "rebooted":
      case "vanished":
      case "unusable":
        state.evidence = report;
        settle();
        if (!state.over) await drained(options, state);
        return { kind: "over", evidence: report, whole: false };
      case "unstarted":
      case "gone":
        return { kind: report.kind };
      case "no-room":
        return { kind: "broken", reason: report.reason };
      case "closed":
        return { kind: "broken", reason: report.reason };
      // What only a start is answered with.
      case "claimed":
      case "no-interpreter":
      case "no-script":
      case "prepared":
      case "start-failed":
      case "started":
      case "staged":
      case "awake":
      case "unpack-failed":
      case "unpacked":
        break;
    }
  }
}

function archiveOf(report: { archiveBytes: number; archiveSha256: string }): Partial<Following> {
  return { archiveBytes: report.archiveBytes, archiveSha256: report.archiveSha256 };
}

/** Fulfils when no byte has come for the time allowed; never, once the session is over. */
function drained(options: SessionOptions, state: SessionState): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wait = (heldBytes: number): void => {
    state.stopDrain = options.after(options.drainMs, () => {
      const nowHeld = options.logs.size(options.jobId);
      if (nowHeld > heldBytes) wait(nowHeld);
      else resolve();
    });
  };
  wait(options.logs.size(options.jobId));
  return promise;
}
