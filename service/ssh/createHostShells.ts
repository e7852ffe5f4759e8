import type { HostShells } from "../../protocol/shells/hostShell.ts";

/** Shells on any host: on this machine, over SSH or by its agent, by the host's record. */
export function createHostShells({
  local,
  ssh,
  agent,
}: Record<"local" | "ssh" | "agent", HostShells>): HostShells {
  return {
    openShell(target, options) {
      switch (target.connection.kind) {
        case "local":
          return local.openShell(target, options);
        case "ssh":
          return ssh.openShell(target, options);
        case "agent":
          return agent.openShell(target, options);
      }
    },
  };
}
