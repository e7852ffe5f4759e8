import { join } from "node:path";
import type { LabHost } from "../lab/labHost.ts";
import { runOrThrow } from "../lab/runCommand.ts";

/** An OpenSSH connection that is held open for others to share (ControlMaster). */
export interface SshMaster {
  /** Arguments after `ssh` that run a command over the shared connection. */
  args(command: string): string[];
  end(): Promise<void>;
}

/** Opens the connection, as `ssh -M -N -f` does. The socket lies in `dir`, whose path must be short. */
export async function startSshMaster(host: LabHost, dir: string): Promise<SshMaster> {
  const control = `ControlPath=${join(dir, "ctl")}`;
  const through = (command?: string): string[] => host.sshArgs(command, [control, "ControlMaster=no"]);
  // Its stderr is not a pipe of ours: the master would keep it open.
  await runOrThrow([
    "sh",
    "-c",
    '"$@" >/dev/null 2>&1',
    "sh",
    "ssh",
    "-M",
    "-N",
    "-f",
    ...host.sshArgs(undefined, [control]),
  ]);
  await runOrThrow(["ssh", "-O", "check", ...through()]);
  return {
    args: (command) => through(command),
    async end() {
      await runOrThrow(["ssh", "-O", "exit", ...through()]);
    },
  };
}
