import { spawn } from "node:child_process";

/** How a command ended, with what it printed. */
export interface CommandResult {
  /** Exit code; null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Settings of one command. */
export interface CommandOptions {
  input?: string | Uint8Array;
  /** Default one minute; then SIGKILL and an error. */
  limitMs?: number;
  env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end. Rejects when it cannot start or passes its limit; not for a bad exit code. */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { input = "", limitMs = 60_000, env } = options;
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "pipe", env });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`not done in ${limitMs} ms: ${argv.join(" ")}\n${Buffer.concat(err).toString()}`));
    }, limitMs);
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => undefined); // a program may end without reading its input
    child.stdin.end(input);
    child.on("error", (cause) => {
      clearTimeout(timer);
      reject(new Error(`cannot run ${program}`, { cause }));
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** Like `runCommand`, but a bad exit code is an error that carries the program's words. */
export async function runOrThrow(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, options);
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${stderr || stdout}`);
  return stdout;
}
