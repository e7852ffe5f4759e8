import { startChild } from "./childProcess.ts";

/** What to run and what it must print. */
export interface TimedCommand {
  argv: readonly string[];
  /** Script for its stdin. */
  input?: string;
  env?: NodeJS.ProcessEnv;
  /** Exact output that proves it did the thing. */
  expected?: string;
}

/** When things happened, in milliseconds from the start. */
export interface RunTimes {
  firstByteMs: number;
  lastByteMs: number;
  endMs: number;
  bytes: number;
}

const limitMs = 30_000;

/** Runs a program and times its output. Rejects when it fails, prints something else or takes longer than 30 s. */
export async function timedRun(command: TimedCommand): Promise<RunTimes> {
  const { argv, input, env, expected } = command;
  const startMs = performance.now();
  const times: RunTimes = { firstByteMs: NaN, lastByteMs: NaN, endMs: NaN, bytes: 0 };
  const child = startChild(argv, { stdio: ["pipe", "pipe", "pipe"], ...(env ? { env } : {}) });
  const timer = setTimeout(() => child.process.kill("SIGKILL"), limitMs);
  let text = "";
  child.process.stdout?.on("data", (chunk: Buffer) => {
    times.lastByteMs = performance.now() - startMs;
    if (times.bytes === 0) times.firstByteMs = times.lastByteMs;
    times.bytes += chunk.length;
    if (expected !== undefined) text += chunk.toString();
  });
  child.process.stdin?.end(input);
  try {
    const { code, stderr } = await child.ended;
    times.endMs = performance.now() - startMs;
    if (code !== 0) throw new Error(`${argv[0] ?? ""} ended with ${String(code)}: ${stderr.trim()}`);
    if (expected !== undefined && text !== expected)
      throw new Error(`${argv[0] ?? ""} printed ${JSON.stringify(text.slice(0, 200))}`);
    return times;
  } finally {
    clearTimeout(timer);
  }
}
