import { spawn } from "node:child_process";
import { Refusal } from "../problem.ts";
import type { HostShells } from "./hostShell.ts";
import { shellOfProcess } from "./shellOfProcess.ts";

/** The facts about this machine that its shells depend on. */
export interface LocalMachine {
  home: string;
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Shells on this machine, without sshd. They run in sessions of their own, so that ending this program
 * does not end them.
 */
export function createLocalShells({ machine }: { machine: LocalMachine }): HostShells {
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
