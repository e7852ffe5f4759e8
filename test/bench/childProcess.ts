import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";

/** A process that the bench started. */
export interface Child {
  readonly process: ChildProcess;
  /** Fulfils when it has ended and its output was read; with its code and what it wrote to stderr. */
  readonly ended: Promise<{ code: number | null; stderr: string }>;
  /** TERM, and KILL when that does not end it soon. */
  end(): Promise<void>;
}

const graceMs = 3_000;
const keptStderr = 4_000;

/** Starts a process. `ended` rejects only when it cannot be started. */
export function startChild(argv: readonly string[], options: SpawnOptions = {}): Child {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-keptStderr);
  });
  child.stdin?.on("error", () => undefined);
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve, reject) => {
    child.once("error", (cause) => reject(new Error(`cannot run ${program}`, { cause })));
    child.once("close", (code) => resolve({ code, stderr }));
  });
  ended.catch(() => undefined);
  return {
    process: child,
    ended,
    async end() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended.catch(() => undefined);
      clearTimeout(timer);
    },
  };
}

/** A process that the kernel ends when this one dies, by whatever cause. */
export function startBoundChild(argv: readonly string[], options: SpawnOptions = {}): Child {
  return startChild(["setpriv", "--pdeathsig", "TERM", ...argv], options);
}
