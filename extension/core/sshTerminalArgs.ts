import type { Connection } from "../../protocol/host.ts";

/** Arguments of the system's `ssh` for a shell on a host: what the fleet's own connection is made from. */
export function sshTerminalArgs(connection: Extract<Connection, { kind: "ssh" }>): string[] {
  const { alias, port, user, identityFile } = connection;
  return [
    ...(port === null ? [] : ["-p", String(port)]),
    ...(user === null ? [] : ["-l", user]),
    ...(identityFile === null ? [] : ["-i", identityFile]),
    "--",
    alias,
  ];
}
