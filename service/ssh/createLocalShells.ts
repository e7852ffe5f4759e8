import { spawn } from "node:child_process";
import { Refusal } from "../../protocol/problem.ts";
import type { HostShells } from "./hostShell.ts";
import { shellOfProcess } from "./shellOfProcess.ts";
import type { Machine } from "./sshSettings.ts";

/**
 * Shells on the service's own machine, without sshd. They run in sessions of their own, so that ending the service
 * does not end them.
 */
export function createLocalShells({ machine }: { machine: Machine }): HostShells {
  return {
    async openShell(target, { signal } = {}) {
      const host = target.name;
      if (machine.platform === "win32") throw new Refusal("host-local-unsupported", { platform: "Windows" });
      if (signal?.aborted === true) {
        throw new Refusal(
          "host-shell-failed",
          { host, reason: "the attempt was given up" },
          { cause: signal.reason },
        );
      }
      const child = spawn("/bin/sh", ["-s"], {
        cwd: machine.home,
        env: machine.env,
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
      });
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", (error: NodeJS.ErrnoException) => {
          const reason = `/bin/sh does not start (${error.code ?? error.message})`;
          reject(new Refusal("host-shell-failed", { host, reason }, { cause: error }));
        });
      });
      return shellOfProcess(child);
    },
  };
}
