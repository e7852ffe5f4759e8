import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { problemSchema, Refusal, RemoteProblem } from "../../protocol/problem.ts";
import { isHeld, runningService, type RunningService } from "../runningService.ts";
import type { HomeLayout } from "../homeLayout.ts";
import { writePrivateFile } from "../../protocol/client/writePrivateFile.ts";

/** How to start a service that goes on without us. */
export interface DetachedStart {
  layout: HomeLayout;
  /** As `--listen` takes it. */
  listen: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Gives the start up: what was started by it is ended. */
  signal: AbortSignal;
}

const startLimitMs = 60_000;
const pollMs = 50;
/** What is given up has that long to end. */
const endLimitMs = 5_000;

/**
 * Starts the service of a data folder as a process of its own, which outlives this one and its terminal, and waits until
 * it listens; says which one runs when one already does. Throws what kept it from starting, or the signal's reason.
 */
export async function startDetached(
  start: DetachedStart,
): Promise<RunningService & { alreadyRunning: boolean }> {
  const { layout, signal } = start;
  const earlier = isHeld(layout) ? await runningEarlier(layout, signal) : null;
  if (earlier !== null) return { ...earlier, alreadyRunning: true };
  const child = spawnService(start);
  const endMs = performance.now() + startLimitMs;
  while (performance.now() < endMs) {
    if (signal.aborted) {
      markStopped(layout); // for who waits for it; it may take that away itself
      await endStarted(child);
      markStopped(layout);
    }
    signal.throwIfAborted();
    if (child.ended()) break;
    const running = await runningService(layout, 0);
    if (running !== null && running.pid === child.pid) return { ...running, alreadyRunning: false };
    await delay(pollMs);
  }
  // Somebody else may have been a moment quicker.
  if (isHeld(layout)) {
    const other = await runningService(layout, startLimitMs, signal);
    if (other !== null) return { ...other, alreadyRunning: other.pid !== child.pid };
  }
  await endStarted(child); // what did not listen in time must not come up later
  throw startProblem(layout);
}

/** The service that holds the folder already, on its way up or running; null where nobody holds it any more. */
async function runningEarlier(layout: HomeLayout, signal: AbortSignal): Promise<RunningService | null> {
  const endMs = performance.now() + startLimitMs;
  while (isHeld(layout) && performance.now() < endMs) {
    const running = await runningService(layout, 0);
    if (running !== null) return running;
    signal.throwIfAborted();
    await delay(pollMs);
  }
  if (existsSync(layout.stoppedMark)) throw new Refusal("service-stopping", { home: layout.directory });
  return null;
}

/** The process of a service that was started. */
interface Started {
  pid: number | undefined;
  ended: () => boolean;
}

/** No editor starts again what a person did not want. */
function markStopped(layout: HomeLayout): void {
  if (existsSync(layout.lock)) writePrivateFile(layout.stoppedMark, "");
}

async function endStarted({ pid, ended }: Started): Promise<void> {
  if (pid === undefined || ended()) return;
  process.kill(pid, "SIGTERM");
  const endMs = performance.now() + endLimitMs;
  while (!ended() && performance.now() < endMs) await delay(pollMs);
  if (!ended()) process.kill(pid, "SIGKILL");
}

function spawnService({ layout, listen, env }: DetachedStart): Started {
  const output = openSync(layout.startLog, "w", 0o600);
  const program = process.argv[1] ?? "";
  const child = spawn(
    process.execPath,
    [program, "up", "--in-background", "--json", "--listen", listen, "--data", layout.directory],
    { cwd: layout.directory, detached: true, stdio: ["ignore", output, output], env, windowsHide: true },
  );
  closeSync(output);
  let isOver = false;
  child.once("error", () => (isOver = true));
  child.once("exit", () => (isOver = true));
  child.unref();
  return { pid: child.pid, ended: () => isOver };
}

/** The problem that the service printed; its last words where it printed none. */
function startProblem(layout: HomeLayout): Error {
  const text = readFileSync(layout.startLog, "utf8");
  try {
    const { problem } = JSON.parse(text) as { problem: unknown };
    return new RemoteProblem(problemSchema.parse(problem));
  } catch {
    const reason = text.trim().split("\n").slice(-5).join(" ").slice(-500);
    return new Refusal("service-did-not-start", {
      reason: reason || `It did not listen within ${startLimitMs / 1_000} s.`,
      log: layout.serviceLog,
    });
  }
}
