import { join } from "node:path";
import type { LabHost } from "../lab/labHost.ts";
import { runCommand } from "../lab/runCommand.ts";
import { until } from "../support/until.ts";
import { startBoundChild } from "./childProcess.ts";

/** An OpenSSH connection that is held open for others to share (ControlMaster). */
export interface SshMaster {
  /** Arguments after `ssh` that run a command over the shared connection. */
  args(command: string): string[];
  end(): Promise<void>;
}

/** Opens the connection. Its socket lies in `dir`, whose path must be short. */
export async function startSshMaster(host: LabHost, dir: string): Promise<SshMaster> {
  const control = `ControlPath=${join(dir, "ctl")}`;
  const through = (command?: string): string[] => host.sshArgs(command, [control, "ControlMaster=no"]);
  const master = startBoundChild(["ssh", "-M", "-N", ...host.sshArgs(undefined, [control])]);
  try {
    const isUp = async (): Promise<boolean> =>
      (await runCommand(["ssh", "-O", "check", ...through()])).code === 0;
    await until(isUp, "the ssh master is up");
  } catch (error) {
    await master.end();
    throw error;
  }
  return { args: (command) => through(command), end: () => master.end() };
}
