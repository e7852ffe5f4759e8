import type { Writable } from "node:stream";
import { Refusal } from "../../protocol/problem.ts";
import type { RunnerReport } from "../../protocol/runner/runnerReport.ts";
import type { HostShell, ShellTarget } from "../../protocol/shells/hostShell.ts";
import type { RunnerDeps } from "./dispatchDeps.ts";
import { chunksOf } from "./chunksOf.ts";
import {
  brokenReason,
  noiseLimitBytes,
  readReports,
  type Reports,
  type RunnerClosed,
} from "./readReports.ts";
import { unlessAborted, within } from "./within.ts";

/** A script of the runner at work on a host, past its ready line. */
export interface Runner {
  /** What the script prints after the ready line: data as it is. Read it once. */
  readonly output: AsyncIterable<Buffer>;
  readonly stdin: Writable;
  /** The next thing it says; `closed` (for ever) when its shell ended or the connection broke. */
  next(): Promise<RunnerReport | RunnerClosed>;
  /** One line to its stdin. */
  send(line: string): void;
  /** Fulfils when others wait for its shell's place on the host: whoever can do without for a while should close it. */
  readonly wanted: Promise<void>;
  /** Ends its stdin; the script then ends by itself. */
  close(): void;
}

/** How long a shell that has closed its output may take to say how it ended. */
const lastWordsMs = 2_000;

export interface RunnerOptions {
  signal?: AbortSignal;
  /** Whoever holds the runner looks at `wanted`. */
  yields?: boolean;
  /** Called when the shell is open, while the host reads the script: until the ready line nothing waits for what it does. */
  onOpen?: () => void;
}

/**
 * Opens a shell on a host, as soon as there is a place for it, sends it a script and waits for its ready line.
 * Rejects with a Refusal: those of `openShell`, `host-shell-failed`, `host-shell-noisy`, `host-connection-lost`,
 * `dispatch-timeout`; or with what `onOpen` throws, or the signal's reason.
 */
export async function openRunner(
  deps: RunnerDeps,
  target: ShellTarget,
  script: (nonce: string) => string,
  options: RunnerOptions = {},
): Promise<Runner> {
  const { signal, yields = false, onOpen } = options;
  const nonce = deps.newNonce();
  const text = script(nonce);
  const wanted = Promise.withResolvers<void>();
  const shell = await openPatiently(deps, target, signal, yields ? { onWanted: wanted.resolve } : {});
  try {
    return await runScript(
      deps,
      shell,
      target.name,
      { nonce, text },
      { signal, onOpen, wanted: wanted.promise },
    );
  } catch (error) {
    throw refusalOf(error, target.name);
  }
}

/** Sends a script to a shell and waits for its ready line; closes the shell where that does not come. */
export async function runScript(
  deps: Pick<RunnerDeps, "after" | "limits">,
  shell: HostShell,
  host: string,
  { nonce, text }: { nonce: string; text: string },
  options: {
    signal?: AbortSignal | undefined;
    onOpen?: (() => void) | undefined;
    wanted?: Promise<void>;
  } = {},
): Promise<Runner> {
  const limit = { after: deps.after, limitMs: deps.limits.startMs, signal: options.signal };
  const reports = readReports(shell, nonce, deps);
  const chunks = chunksOf(shell.stdout);
  const close = (): void => {
    shell.close();
    drain(chunks);
  };
  shell.stdin.on("error", () => {});
  try {
    shell.stdin.write(text);
    options.onOpen?.();
    const rest = await awaitReady(chunks, `${nonce}\n`, reports, { host, limit });
    return {
      output: outputOf(rest, chunks),
      stdin: shell.stdin,
      next: reports.next,
      wanted: options.wanted ?? new Promise(() => {}),
      send: (line) => void shell.stdin.write(`${line.replaceAll(/[\r\n]/g, " ")}\n`),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** A shell on the host. A place there is waited for as long as it takes; connecting has limits of its own. */
async function openPatiently(
  deps: RunnerDeps,
  target: ShellTarget,
  signal: AbortSignal | undefined,
  wish: { onWanted?: () => void },
): Promise<HostShell> {
  const opening = deps.shells.openShell(target, { patient: true, ...wish, ...(signal ? { signal } : {}) });
  return unlessAborted(opening, signal).catch((error: unknown) => {
    void opening.then(
      (lateShell) => lateShell.close(),
      () => {},
    );
    throw refusalOf(error, target.name);
  });
}

/** Anything thrown on the way to a host, as a Refusal. */
export function refusalOf(error: unknown, host: string): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal("host-connection-lost", { host, reason: brokenReason(error) }, { cause: error });
}

/** Why a shell did not get as far as the runner's first word. */
async function notReady(outcome: "ended" | "noise", reports: Reports, ready: ReadyWait): Promise<Refusal> {
  const { host, limit } = ready;
  if (outcome === "noise") return noisy(host, `it printed more than ${noiseLimitBytes} bytes`);
  const silent = (): Error =>
    new Refusal("host-shell-failed", { host, reason: reports.noise() || "it closed its output" });
  const end = await within(reports.ended, { ...limit, limitMs: lastWordsMs, late: silent });
  if (end.how === "broken") return new Refusal("host-connection-lost", { host, reason: end.reason });
  if (end.how === "flooded") return noisy(host, `it printed more than ${noiseLimitBytes} bytes`);
  return new Refusal("host-shell-failed", { host, reason: reports.noise() || end.reason });
}

function noisy(host: string, reason: string): Refusal {
  return new Refusal("host-shell-noisy", { host, reason });
}

interface ReadyWait {
  host: string;
  limit: Omit<Parameters<typeof within>[1], "late">;
}

/** What follows the ready line in its chunk. Rejects with the reason where that line does not come. */
async function awaitReady(
  chunks: AsyncIterator<Buffer>,
  mark: string,
  reports: Reports,
  ready: ReadyWait,
): Promise<Buffer> {
  const seen = { bytes: 0 };
  const { host, limit } = ready;
  const late = (): Error =>
    seen.bytes > 0
      ? noisy(host, `after ${limit.limitMs / 1_000} s and ${seen.bytes} bytes it still went on`)
      : new Refusal("dispatch-timeout", { host, limitMs: limit.limitMs });
  const flooded = reports.ended.then((end) =>
    end.how === "flooded" ? ("noise" as const) : new Promise<never>(() => {}),
  );
  const found = await within(Promise.race([findMark(chunks, mark, seen), flooded]), { ...limit, late });
  if (typeof found === "string") throw await notReady(found, reports, ready);
  return found;
}

/** What follows the mark in its chunk, unless the stream ends, or says too much, without it. */
async function findMark(
  chunks: AsyncIterator<Buffer>,
  mark: string,
  count: { bytes: number },
): Promise<Buffer | "ended" | "noise"> {
  let seen: Buffer = Buffer.alloc(0);
  let skippedBytes = 0;
  for (;;) {
    const next = await chunks.next();
    if (next.done) return "ended";
    count.bytes += next.value.length;
    seen = seen.length === 0 ? next.value : Buffer.concat([seen, next.value]);
    const at = seen.indexOf(mark);
    if (at >= 0) return seen.subarray(at + mark.length);
    const keep = Math.max(0, seen.length - mark.length);
    skippedBytes += keep;
    if (skippedBytes > noiseLimitBytes) return "noise";
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
