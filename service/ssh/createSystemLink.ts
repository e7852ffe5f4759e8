import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { awaitMark } from "./awaitMark.ts";
import type { HostShell } from "../../protocol/shells/hostShell.ts";
import { connectionLost, unreachable, type HostName } from "./reachProblem.ts";
import { NoSession, type ShellLink } from "./shellLink.ts";
import { shellOfProcess } from "../../protocol/shells/shellOfProcess.ts";
import type { Machine } from "./sshSettings.ts";
import type { SshTiming } from "./sshTiming.ts";
import { sessionArgs, type SystemSshFiles } from "./systemSshArgs.ts";

/** ssh's exit code for its own failures, and for a remote one of 255. */
const sshFailed = 255;

/** Shells through a connection that the system's `ssh` holds. */
export function createSystemLink(
  master: ChildProcessWithoutNullStreams,
  files: SystemSshFiles,
  { host, address }: HostName,
  { machine, timing, now }: { machine: Machine; timing: SshTiming; now: () => number },
): ShellLink {
  const listeners = new Set<(reason: string) => void>();
  let lost: string | null = null;
  let reason = "its ssh ended";
  const over = new Promise<string>((resolve) => {
    master.once("exit", () => {
      lost = reason;
      resolve(reason);
      for (const listener of [...listeners]) listener(reason);
    });
  });

  const openShell = async (signal: AbortSignal | undefined): Promise<ChildProcessWithoutNullStreams> => {
    const child = spawn("ssh", sessionArgs(files), { env: machine.env, detached: true });
    child.stdin.on("error", () => {});
    const mark = randomBytes(8).toString("hex");
    child.stdin.write(`echo ${mark} >&2\n`);
    const outcome = await awaitMark(child, child.stderr, mark, { limitMs: timing.openShellMs, signal });
    if (outcome === "found") return child;
    child.kill("SIGKILL");
    if (lost !== null) throw connectionLost(host, lost);
    if (outcome === "ended") throw new NoSession();
    if (signal?.aborted === true)
      throw unreachable({ host, address }, "the attempt was given up", signal.reason);
    reason = `it opened no shell within ${timing.openShellMs / 1000} s`;
    master.kill();
    throw connectionLost(host, reason);
  };

  return {
    transport: "system-ssh",
    sinceMs: now(),
    async openShell({ signal, onReleased }) {
      try {
        const child = await openShell(signal);
        child.once("exit", onReleased);
        if (child.exitCode !== null || child.signalCode !== null) onReleased();
        return withLoss(shellOfProcess(child), host, over);
      } catch (error) {
        onReleased();
        throw error;
      }
    },
    onLost: (listener) => void listeners.add(listener),
    close() {
      reason = "it was closed";
      master.stdin.end();
      master.kill();
    },
  };
}

/** Shells' processes end before the one that holds their connection, on a busy machine long before: how long to wait for it. */
const masterEndMs = 2_000;

/** A shell whose ssh fails when the connection goes down was cut off: it did not end. */
function withLoss(shell: HostShell, host: string, over: Promise<string>): HostShell {
  const exited = shell.exited.then(async (exit) => {
    if (exit.code !== sshFailed) return exit;
    const stillUp = delay(masterEndMs, null, { ref: false });
    const reason = await Promise.race([over, stillUp]);
    if (reason !== null) throw connectionLost(host, reason);
    return exit;
  });
  exited.catch(() => {});
  return { ...shell, exited };
}
