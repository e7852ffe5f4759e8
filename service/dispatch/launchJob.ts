import type { Readable } from "node:stream";
import type { JobId } from "../../protocol/ids.ts";
import type { JobSpec } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { RunnerReport } from "../../protocol/runner/runnerReport.ts";
import { stageRun } from "../../protocol/runner/stageScripts.ts";
import { startScript, startStagedScript } from "../../protocol/runner/startScript.ts";
import { placeOf } from "../../protocol/runner/supervisorScript.ts";
import { unpackScript } from "../../protocol/runner/unpackScript.ts";
import type { ShellTarget } from "../../protocol/shells/hostShell.ts";
import type { RunnerDeps } from "./dispatchDeps.ts";
import { startRefusal, unpackRefusal } from "./launchRefusals.ts";
import { openRunner, type Runner } from "./openRunner.ts";
import type { RunnerClosed } from "./readReports.ts";
import { sendArchive, type SentArchive } from "./sendArchive.ts";
import type { Stage } from "./stageJob.ts";
import { asError, unlessAborted, within } from "./within.ts";

/** A job to put on a host. `signal` takes it back until the moment the host is told to start it. */
export interface LaunchOptions {
  jobId: JobId;
  spec: JobSpec;
  target: ShellTarget;
  archive: Readable;
  signal: AbortSignal;
  /** A shell is open on the host, and gets ready; nothing of the job is there yet that the shell's end would leave behind. May throw. */
  onOpen: () => void;
  /** The service lets go: nothing is waited for any more, the job may have started. */
  stopping: AbortSignal;
}

const rootCauseMs = 2_000;

/** `started`: the runner follows the job from its first byte. `unknown`: the connection broke when it may have started. */
export type Launch = { kind: "started"; runner: Runner } | { kind: "unknown"; reason: string };

/**
 * Sends a job's files to its host and starts it: on a stage, or where there is none by two shells that are opened at once.
 * One unpacks, the other prepares, starts and follows. Rejects with a Refusal, or the signal's reason, when the job did
 * not start and never will.
 */
export async function launchJob(deps: RunnerDeps, options: LaunchOptions): Promise<Launch> {
  const { archive } = options;
  try {
    assertInside(options.spec.script);
    return (await launchOnStage(deps, options)) ?? (await launchAnew(deps, options));
  } finally {
    archive.on("error", () => {});
    archive.destroy();
  }
}

/** Null where there is no stage, or where it is of no use: nothing was sent and nothing there has the job's name then. */
async function launchOnStage(deps: RunnerDeps, options: LaunchOptions): Promise<Launch | null> {
  const stage = deps.takeStage(options.target);
  if (stage === null) return null;
  const { starter, unpacker } = stage;
  let launch: Launch | null = null;
  try {
    if (await isAwake(deps, options, stage)) {
      starter.send("take");
      const [{ isLogLeft }, sent] = await bothOrNeither(options.signal, (signal) => {
        const sending = send(deps, options, unpacker, signal);
        return [prepared(deps, options, starter, signal).catch(causedBy(deps, sending)), sending];
      });
      options.signal.throwIfAborted();
      launch = await go(deps, options, starter, sent, isLogLeft);
    }
    return launch;
  } finally {
    unpacker.close();
    if (launch === null) starter.close();
  }
}

/** The first that fails ends the other, and is what this rejects with, once both have ended. */
async function bothOrNeither<First, Second>(
  outer: AbortSignal,
  start: (signal: AbortSignal) => [Promise<First>, Promise<Second>],
): Promise<[First, Second]> {
  const abort = new AbortController();
  const both = start(AbortSignal.any([outer, abort.signal]));
  for (const one of both) one.catch((error: unknown) => abort.abort(asError(error)));
  try {
    return await Promise.all(both);
  } catch (error) {
    await Promise.allSettled(both);
    throw error;
  }
}

/** How long a stage may take to say that it is there: what waits there already has little to do for that. */
const awakeMs = 5_000;

/** Whether a stage is of use for the job. */
async function isAwake(deps: RunnerDeps, options: LaunchOptions, { id, starter }: Stage): Promise<boolean> {
  const { jobId, spec, signal } = options;
  starter.stdin.write(startStagedScript({ jobId, spec, graceMs: deps.limits.graceMs, run: stageRun(id) }));
  options.onOpen();
  const late = Promise.withResolvers<boolean>();
  const stop = deps.after(awakeMs, () => late.resolve(false));
  // Otherwise its connection broke meanwhile, somebody cleaned up there, or the interpreter was installed since.
  const word = wordOnStart(starter).then(({ report, isLogLeft }) => report.kind === "awake" && !isLogLeft);
  try {
    return await unlessAborted(Promise.race([word, late.promise]), signal);
  } finally {
    stop();
  }
}

async function prepared(
  deps: RunnerDeps,
  options: LaunchOptions,
  starter: Runner,
  signal: AbortSignal,
): Promise<WordOnStart> {
  const word = await answer(deps, options, wordOnStart(starter), signal);
  if (word.report.kind !== "prepared") throw startRefusal(word.report, options);
  return word;
}

/** Throws on what went wrong in preparing, once unpacking has had its time to say the cause. */
function causedBy(deps: RunnerDeps, unpacking: Promise<unknown>): (error: unknown) => Promise<never> {
  return async (error) => {
    if (error instanceof Refusal && error.code === "start-failed") await rootCause(deps, unpacking);
    throw error;
  };
}

async function launchAnew(deps: RunnerDeps, options: LaunchOptions): Promise<Launch> {
  const starters: Runner[] = [];
  try {
    const [starter, sent] = await bothOrNeither(options.signal, (signal) => {
      const unpacking = unpack(deps, options, signal);
      return [prepare(deps, options, signal, starters).catch(causedBy(deps, unpacking)), unpacking];
    });
    options.signal.throwIfAborted();
    return await go(deps, options, starter, sent);
  } catch (error) {
    // Without the word to go, the shell that would have started the job removes its folder; not before the other one has
    // ended, which would blame the folder's loss.
    for (const starter of starters) starter.close();
    throw error;
  }
}

/**
 * A shell whose folder vanished says little; the unpacking one removed it and says why. Waits a moment for that: what
 * unpacking rejects with then comes first.
 */
async function rootCause(deps: RunnerDeps, unpacking: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = deps.after(rootCauseMs, resolve);
  void unpacking.catch(() => {}).then(() => resolve());
  await promise;
  stop();
}

function assertInside(script: string): void {
  try {
    placeOf(script);
  } catch (error) {
    throw new Refusal("script-missing", { script }, { cause: error });
  }
}

async function unpack(deps: RunnerDeps, options: LaunchOptions, signal: AbortSignal): Promise<SentArchive> {
  const { jobId, target, onOpen } = options;
  const script = (nonce: string): string => unpackScript({ jobId, nonce });
  const runner = await openRunner(deps, target, script, { signal, onOpen });
  try {
    return await send(deps, options, runner, signal);
  } finally {
    runner.close();
  }
}

/** Sends the archive to a shell that unpacks, until it says that all is there. */
async function send(
  deps: RunnerDeps,
  options: LaunchOptions,
  runner: Runner,
  signal: AbortSignal,
): Promise<SentArchive> {
  const reporting = runner.next();
  const sent = await sendArchive(options.archive, runner.stdin, {
    host: options.target.name,
    after: deps.after,
    stallMs: deps.limits.stallMs,
    signal,
    answered: reporting,
  });
  const report = await answer(deps, options, reporting, signal);
  if (report.kind !== "unpacked") throw unpackRefusal(report, options);
  if (!sent.whole) throw new Refusal("upload-incomplete", { bytes: sent.bytes });
  return sent;
}

/** Opens the shell that prepares the job, into `starters`: whoever calls closes those. */
async function prepare(
  deps: RunnerDeps,
  options: LaunchOptions,
  signal: AbortSignal,
  starters: Runner[],
): Promise<Runner> {
  const { jobId, spec, target } = options;
  const script = (nonce: string): string => startScript({ jobId, nonce, spec, graceMs: deps.limits.graceMs });
  const runner = await openRunner(deps, target, script, {
    signal,
    yields: true,
    onOpen: options.onOpen,
  });
  starters.push(runner);
  const report = await answer(deps, options, runner.next(), signal);
  if (report.kind !== "prepared") throw startRefusal(report, options);
  return runner;
}

async function go(
  deps: RunnerDeps,
  options: LaunchOptions,
  runner: Runner,
  sent: SentArchive,
  wasLogLeft = false,
): Promise<Launch> {
  runner.send(`go ${sent.bytes} ${sent.sha256}`);
  const { report, isLogLeft } = await answer(deps, options, wordOnStart(runner), options.stopping).catch(
    (error: unknown): WordOnStart => ({
      report: { kind: "closed", reason: asError(error).message },
      isLogLeft: false,
    }),
  );
  const hasStarted = report.kind === "started" || report.kind === "claimed";
  if (hasStarted && !isLogLeft && !wasLogLeft) return { kind: "started", runner };
  if (!hasStarted && report.kind !== "closed") throw startRefusal(report, options);
  runner.close();
  return {
    kind: "unknown",
    reason: report.kind === "closed" ? report.reason : "what read its log was ended",
  };
}

interface WordOnStart {
  report: RunnerReport | RunnerClosed;
  /** What reads the log was ended on the host before: another shell has to follow the job. */
  isLogLeft: boolean;
}

async function wordOnStart(runner: Runner): Promise<WordOnStart> {
  let report = await runner.next();
  const isLogLeft = report.kind === "log-left";
  while (report.kind === "log-left") report = await runner.next();
  return { report, isLogLeft };
}

function answer<Report>(
  deps: RunnerDeps,
  options: LaunchOptions,
  report: Promise<Report>,
  signal?: AbortSignal,
): Promise<Report> {
  const limitMs = deps.limits.startMs;
  const late = (): Error => new Refusal("dispatch-timeout", { host: options.target.name, limitMs });
  return within(report, { after: deps.after, limitMs, late, signal });
}
