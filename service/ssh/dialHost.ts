import { BeyondSsh2 } from "./beyondSsh2.ts";
import {
  askFor,
  connectSsh,
  type ConnectNeeds,
  type ConnectOptions,
  type ConnectTarget,
} from "./connectSsh.ts";
import { createSsh2Link } from "./createSsh2Link.ts";
import { addressOf } from "./reachProblem.ts";
import type { ShellLink } from "./shellLink.ts";
import type { Machine, SshRequest } from "./sshSettings.ts";
import { systemSsh } from "./systemSsh.ts";

export interface DialNeeds extends ConnectNeeds {
  machine: Machine;
  now: () => number;
  configFile?: string | undefined;
}

/** One more connection to a host: by ssh2, or by the system's `ssh` where ssh2 cannot do what the host needs. */
export async function dialHost(
  target: ConnectTarget,
  request: SshRequest,
  options: ConnectOptions,
  needs: DialNeeds,
): Promise<ShellLink> {
  try {
    const connection = await connectSsh(target, options, needs);
    return createSsh2Link(connection, { host: target.name, address: addressOf(target.settings) }, needs);
  } catch (error) {
    if (!(error instanceof BeyondSsh2)) throw error;
    const ask = askFor(target, options, needs);
    return systemSsh(
      { ...target, hop: null },
      request,
      { ask, signal: options.signal, what: error.what },
      needs,
    );
  }
}
