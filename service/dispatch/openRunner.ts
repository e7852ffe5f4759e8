import type { Writable } from "node:stream";
import { Refusal } from "../../protocol/problem.ts";
import { parseRunnerReport, type RunnerReport } from "../../protocol/runner/runnerReport.ts";
import type { HostShell, ShellTarget } from "../ssh/hostShell.ts";
import type { RunnerDeps } from "./dispatchDeps.ts";
import { chunksOf } from "./chunksOf.ts";
import { asError, within } from "./within.ts";

/** A script of the runner at work on a host, past its ready line. */
export interface Runner {
  /** What the script prints after the ready line: data as it is. Read it once. */
  readonly output: AsyncIterable<Buffer>;
  readonly stdin: Writable;
  /** The next thing it says; `closed` (for ever) when its shell ended or the connection broke. */
  next(): Promise<RunnerReport | RunnerClosed>;
  /** One line to its stdin. */
  send(line: string): void;
  /** Ends its stdin; the script then ends by itself. */
  close(): void;
}

export interface RunnerClosed {
  kind: "closed";
  reason: string;
}

const noiseLimitBytes = 1_048_576;
const lineLimit = 65_536;
const queueLimit = 1_000;
/** How long words may trail the end of their shell. */
const trailMs = 300;

/**
 * Opens a shell on a host, sends it a script and waits for its ready line.
 * Rejects with a Refusal: those of `openShell`, `host-shell-failed`, `host-connection-lost`, `dispatch-timeout`.
 */
export async function openRunner(
  deps: RunnerDeps,
  target: ShellTarget,
  script: (nonce: string) => string,
  signal?: AbortSignal,
): Promise<Runner> {
  const nonce = deps.newNonce();
  const text = script(nonce);
  const late = (): Error =>
    new Refusal("dispatch-timeout", { host: target.name, limitMs: deps.limits.startMs });
  const limit = { after: deps.after, limitMs: deps.limits.startMs, late, signal };
  const opening = deps.shells.openShell(target, { signal });
  const shell = await within(opening, limit).catch((error: unknown) => {
    void opening.then(
      (lateShell) => lateShell.close(),
      () => {},
    );
    throw refusalOf(error, target.name);
  });
  const reports = readReports(shell, nonce, deps);
  const chunks = chunksOf(shell.stdout);
  const close = (): void => {
    shell.close();
    drain(chunks);
  };
  shell.stdin.on("error", () => {});
  shell.stdin.write(text);
  try {
    const rest = await within(findMark(chunks, `${nonce}\n`), limit);
    if (rest === null) throw await notReady(reports, target.name);
    return {
      output: outputOf(rest, chunks),
      stdin: shell.stdin,
      next: reports.next,
      send: (line) => void shell.stdin.write(`${line.replaceAll(/[\r\n]/g, " ")}\n`),
      close,
    };
  } catch (error) {
    close();
    throw refusalOf(error, target.name);
  }
}

/** Anything thrown on the way to a host, as a Refusal. */
export function refusalOf(error: unknown, host: string): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal("host-connection-lost", { host, reason: asError(error).message }, { cause: error });
}

async function notReady(reports: Reports, host: string): Promise<Refusal> {
  const end = await reports.ended;
  if (end.broken) return new Refusal("host-connection-lost", { host, reason: end.reason });
  return new Refusal("host-shell-failed", { host, reason: reports.noise() || end.reason });
}

/** What follows the mark in its chunk; null when the stream ends, or says too much, without it. */
async function findMark(chunks: AsyncIterator<Buffer>, mark: string): Promise<Buffer | null> {
  let seen: Buffer = Buffer.alloc(0);
  let skippedBytes = 0;
  for (;;) {
    const next = await chunks.next();
    if (next.done) return null;
    seen = seen.length === 0 ? next.value : Buffer.concat([seen, next.value]);
    const at = seen.indexOf(mark);
    if (at >= 0) return seen.subarray(at + mark.length);
    const keep = Math.max(0, seen.length - mark.length);
    skippedBytes += keep;
    if (skippedBytes > noiseLimitBytes) return null;
    seen = seen.subarray(keep);
  }
}

async function* outputOf(rest: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (rest.length > 0) yield rest;
  for (;;) {
    const next = await chunks.next();
    if (next.done) return;
    yield next.value;
  }
}

/** Reads on, so that the shell can end; what comes is nobody's any more. */
function drain(chunks: AsyncIterator<Buffer>): void {
  void (async () => {
    while (!(await chunks.next()).done);
  })().catch(() => {});
}

interface Reports {
  next: () => Promise<RunnerReport | RunnerClosed>;
  ended: Promise<RunnerClosed & { broken: boolean }>;
  noise: () => string;
}

function readReports(shell: HostShell, nonce: string, deps: RunnerDeps): Reports {
  const queue: RunnerReport[] = [];
  const decoder = new TextDecoder();
  let line = "";
  let noise = "";
  let closed: RunnerClosed | null = null;
  let wake: () => void = () => {};
  const take = (text: string): void => {
    const report = parseRunnerReport(text, nonce);
    if (report === null) noise = `${noise} ${text.trim()}`.trim().slice(-500);
    else if (queue.length < queueLimit) queue.push(report);
    wake();
  };
  shell.stderr.on("error", () => {});
  shell.stderr.on("data", (chunk: Buffer) => {
    const lines = (line + decoder.decode(chunk, { stream: true })).split("\n");
    line = (lines.pop() ?? "").slice(-lineLimit);
    for (const text of lines) take(text);
  });
  const ended = endOf(shell, deps).then((end) => {
    closed = end;
    wake();
    return end;
  });
  return {
    ended,
    noise: () => noise,
    async next() {
      for (;;) {
        const report = queue.shift() ?? closed;
        if (report) return report;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** The end of a shell, when its last words have had time to arrive. */
async function endOf(shell: HostShell, deps: RunnerDeps): Promise<RunnerClosed & { broken: boolean }> {
  const silent = new Promise<void>((resolve) => {
    shell.stderr.once("end", resolve).once("close", resolve);
  });
  try {
    const exit = await shell.exited;
    const trail = Promise.withResolvers<void>();
    const stop = deps.after(trailMs, trail.resolve);
    await Promise.race([silent, trail.promise]);
    stop();
    const reason = exit.signal === null ? `exit ${exit.code}` : `signal ${exit.signal}`;
    return { kind: "closed", reason: `the shell there ended (${reason})`, broken: false };
  } catch (error) {
    return { kind: "closed", reason: asError(error).message, broken: true };
  }
}
