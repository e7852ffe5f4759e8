import type { HostShells } from "./hostShell.ts";

/** Shells on any host: on this machine or over SSH, by the host's record. */
export function createHostShells({ local, ssh }: { local: HostShells; ssh: HostShells }): HostShells {
  return {
    openShell(target, options) {
      switch (target.connection.kind) {
        case "local":
          return local.openShell(target, options);
        case "ssh":
          return ssh.openShell(target, options);
      }
    },
  };
}
