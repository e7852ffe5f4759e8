import { spawn, type ChildProcess } from "node:child_process";
import type { HostShell, HostShells, ShellExit } from "../../protocol/shells/hostShell.ts";

/** Real shells on this machine, with a home of their own, that a test can cut. */
export interface LocalShells extends HostShells {
  /** Shells that run, oldest first. */
  readonly open: readonly CuttableShell[];
  /** How many were opened so far. */
  readonly opened: number;
  /** While set, opening one fails with this. */
  refuse: Error | null;
}

/** A shell whose connection a test can break: both directions at once, as when the network goes. */
export interface CuttableShell extends HostShell {
  readonly process: ChildProcess;
  cut(): void;
}

export interface LocalShellsOptions {
  /** Argument vector of the shell; `-s` is added. */
  shell: readonly string[];
  env: NodeJS.ProcessEnv;
}

export function createLocalShells(options: LocalShellsOptions): LocalShells {
  const open: CuttableShell[] = [];
  const shells: LocalShells = {
    open,
    opened: 0,
    refuse: null,
    openShell() {
      if (shells.refuse) return Promise.reject(shells.refuse);
      const shell = spawnShell(options);
      open.push(shell);
      (shells as { opened: number }).opened += 1;
      shell.process.on("exit", () => open.splice(open.indexOf(shell), 1));
      return Promise.resolve(shell);
    },
  };
  return shells;
}

function spawnShell(options: LocalShellsOptions): CuttableShell {
  const [program = "/bin/sh", ...words] = options.shell;
  const child = spawn(program, [...words, "-s"], { env: options.env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => {});
  let breakOff: (error: Error) => void = () => {};
  const exited = new Promise<ShellExit>((resolve, reject) => {
    breakOff = reject;
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  exited.catch(() => {});
  return {
    process: child,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    close: () => child.stdin.end(),
    cut() {
      breakOff(new Error("the test cut the connection"));
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}
