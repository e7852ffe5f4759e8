import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { HostShell, ShellExit } from "./hostShell.ts";

const closeGraceMs = 1_000;

/** A shell that is a process of this machine. */
export function shellOfProcess(child: ChildProcessWithoutNullStreams): HostShell {
  const { stdin, stdout, stderr } = child;
  const exited = new Promise<ShellExit>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve(code === null ? { code: null, signal: signal ?? "SIGKILL" } : { code, signal: null });
    });
  });
  for (const stream of [stdin, stdout, stderr]) stream.on("error", () => {});
  let closing = false;
  return {
    stdin,
    stdout,
    stderr,
    exited,
    close() {
      if (closing) return;
      closing = true;
      stdin.end();
      stdout.resume();
      stderr.resume();
      child.unref();
      const timer = setTimeout(() => {
        for (const stream of [stdin, stdout, stderr]) stream.destroy();
      }, closeGraceMs);
      timer.unref();
    },
  };
}
