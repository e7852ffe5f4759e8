import { hostText } from "../../protocol/hostText.ts";
import { Refusal } from "../../protocol/problem.ts";
import { parseRunnerReport, type RunnerReport } from "../../protocol/runner/runnerReport.ts";
import type { HostShell } from "../../protocol/shells/hostShell.ts";
import type { RunnerDeps } from "./dispatchDeps.ts";
import { asError } from "./within.ts";

/** The runner can say no more: its shell ended or the connection broke. */
export interface RunnerClosed {
  kind: "closed";
  reason: string;
}

/** What a runner says on its shell's stderr. */
export interface Reports {
  /** The next thing it says; `closed` (for ever) when no more will come. */
  next: () => Promise<RunnerReport | RunnerClosed>;
  /** Fulfils when the shell has ended, or when it prints so much that nobody can want to hear its end. */
  ended: Promise<ShellEnd>;
  /** The last that was said and is no report, for people. */
  noise: () => string;
}

/** How a runner's shell ended. `flooded`: it had not, but printed without end. */
export interface ShellEnd extends RunnerClosed {
  how: "exited" | "broken" | "flooded";
}

/** What a shell may print beside its job before it is given up. */
export const noiseLimitBytes = 1_048_576;
const lineLimit = 65_536;
const queueLimit = 1_000;
/** How long words may trail the end of their shell. */
const trailMs = 300;

/** Listens to a runner's stderr from now on, to its end. */
export function readReports(shell: HostShell, nonce: string, deps: Pick<RunnerDeps, "after">): Reports {
  const queue: RunnerReport[] = [];
  const decoder = new TextDecoder();
  const flood = Promise.withResolvers<ShellEnd>();
  let noiseBytes = 0;
  let line = "";
  let noise = "";
  let closed: RunnerClosed | null = null;
  let wake: () => void = () => {};
  const take = (text: string): void => {
    const report = parseRunnerReport(text, nonce);
    if (report === null) {
      noise = `${noise} ${hostText(text)}`.trim().slice(-1_000);
      noiseBytes += text.length;
    } else if (queue.length < queueLimit) queue.push(report);
    wake();
  };
  shell.stderr.on("error", () => {});
  shell.stderr.on("data", (chunk: Buffer) => {
    if (noiseBytes > noiseLimitBytes) return;
    const lines = (line + decoder.decode(chunk, { stream: true })).split("\n");
    const rest = lines.pop() ?? "";
    line = rest.slice(-lineLimit);
    noiseBytes += rest.length - line.length + lines.length;
    for (const text of lines) take(text);
    if (noiseBytes > noiseLimitBytes)
      flood.resolve({ kind: "closed", how: "flooded", reason: "the shell there prints without end" });
  });
  const ended = Promise.race([endOf(shell, deps), flood.promise]).then((end) => {
    closed = end;
    wake();
    return end;
  });
  return {
    ended,
    noise: () => hostText(noise),
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
async function endOf(shell: HostShell, deps: Pick<RunnerDeps, "after">): Promise<ShellEnd> {
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
    return { kind: "closed", reason: `the shell there ended (${reason})`, how: "exited" };
  } catch (error) {
    return { kind: "closed", reason: brokenReason(error), how: "broken" };
  }
}

/** Why a connection broke, without the sentence that a refusal puts around it. */
export function brokenReason(error: unknown): string {
  if (error instanceof Refusal && error.code === "host-connection-lost") return String(error.facts["reason"]);
  return asError(error).message;
}
