import type { SshRequest } from "./sshSettings.ts";

/** The last jump host of a ProxyJump value, and the ones before it (null: none). Pure. */
export function parseProxyJump(value: string): { last: SshRequest; before: string | null } {
  const hops = value.split(",").map((hop) => hop.trim());
  const before = hops.slice(0, -1).join(",");
  return { last: parseHop(hops.at(-1) ?? ""), before: before === "" ? null : before };
}

/** `[user@]host[:port]`, `[user@][v6]:port` or `ssh://…` (ssh_config(5), ProxyJump). */
function parseHop(hop: string): SshRequest {
  const plain = hop.replace(/^ssh:\/\//, "").replace(/\/$/, "");
  const at = plain.lastIndexOf("@");
  const user = at < 0 ? null : plain.slice(0, at);
  const place = plain.slice(at + 1);
  const [, bracketed, simple, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(place) ?? [];
  const alias = bracketed ?? simple ?? place;
  return { alias, user, port: port === undefined ? null : Number(port), identityFile: null };
}
