import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { runCli } from "../../service/cli/runCli.ts";
import type { Terminal } from "../../service/cli/terminal.ts";

/** What a run of the command line left behind. */
export interface CliRun {
  code: number;
  out: string;
  err: string;
}

/** A run that goes on. */
export interface RunningCli {
  /** What it has written so far. */
  out(): string;
  err(): string;
  /** Types into its terminal. */
  type(text: string): void;
  /** As Ctrl-C does. */
  interrupt(): void;
  ended: Promise<CliRun>;
}

/** Settings of a run. `tty`: a person sits there. */
export interface CliWorld {
  home: string;
  cwd?: string;
  env?: Record<string, string>;
  tty?: boolean;
}

/** Starts the command line in this process, with streams of its own. */
export function startCli(world: CliWorld, args: readonly string[]): RunningCli {
  const pieces = { out: [] as Buffer[], err: [] as Buffer[] };
  const aStream = (into: Buffer[]) =>
    Object.assign(new PassThrough(), { isTTY: world.tty ?? false }).on("data", (part: Buffer) =>
      into.push(part),
    );
  const stdin = Object.assign(new PassThrough(), { isTTY: world.tty ?? false, setRawMode: () => undefined });
  const listeners = new Set<(signal: "SIGINT") => void>();
  const terminal: Terminal = {
    stdin,
    stdout: aStream(pieces.out),
    stderr: aStream(pieces.err),
    env: { NO_COLOR: "1", ...world.env, HWLEDGER_HOME: world.home },
    cwd: world.cwd ?? world.home,
    now: Date.now,
    onInterrupt(callback) {
      listeners.add(callback);
      return () => void listeners.delete(callback);
    },
  };
  const text = (of: Buffer[]): string => Buffer.concat(of).toString("utf8");
  const out = () => text(pieces.out);
  const err = () => text(pieces.err);
  return {
    out,
    err,
    type: (typed) => void stdin.write(typed),
    interrupt: () => [...listeners].forEach((listener) => listener("SIGINT")),
    ended: runCli(args, terminal).then((code) => ({ code, out: out(), err: err() })),
  };
}

/** Runs the command line to its end. */
export function cli(world: CliWorld, ...args: string[]): Promise<CliRun> {
  return startCli(world, args).ended;
}

/** Runs it with --json and reads its one document. */
export async function cliJson(
  world: CliWorld,
  ...args: string[]
): Promise<{ code: number; document: Record<string, unknown>; err: string }> {
  const { code, out, err } = await cli(world, ...args, "--json");
  return { code, document: JSON.parse(out) as Record<string, unknown>, err };
}

const entry = fileURLToPath(new URL("../../service/cli/main.ts", import.meta.url));

/** The problem that a command ends with, and its exit code. */
export async function cliProblem(
  world: CliWorld,
  ...args: string[]
): Promise<{ code: string; detail: string; exit: number }> {
  const { code: exit, document } = await cliJson(world, ...args);
  return { ...(document["problem"] as { code: string; detail: string }), exit };
}

/** Starts it as a process of its own, for what only a process can show: signals and closed pipes. */
export function spawnCli(world: CliWorld, args: readonly string[]) {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: world.cwd ?? world.home,
    env: { ...process.env, ...world.env, HWLEDGER_HOME: world.home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  return { child, exit, err: buffer(child.stderr).then((bytes) => bytes.toString("utf8")) };
}
