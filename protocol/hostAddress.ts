/** A login name as OpenSSH takes it: none that a shell or ssh itself would read otherwise. */
export const loginNamePattern = /^(?!-)[^\s\0:@'"`;&<>|(){}$]+(?<!\\)$/;

/** Where a host is, as people type it. `alias` is what `ssh -G` is given. */
export interface HostAddress {
  alias: string;
  user?: string;
  port?: number;
}

/** Reads `[user@]address[:port]`, with IPv6 in brackets or bare without a port; says what is wrong with anything else. */
export function parseHostAddress(text: string): HostAddress | { wrong: string } {
  const at = text.lastIndexOf("@");
  const user = at > 0 ? text.slice(0, at) : undefined;
  const rest = text.slice(at + 1);
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(rest);
  const bareIpv6 = /^[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(rest) ? rest : undefined;
  const alias = match?.[1] ?? match?.[2] ?? bareIpv6;
  if (alias === undefined || at === 0 || alias.startsWith("-"))
    return { wrong: "An address is [user@]address[:port]." };
  if (user !== undefined && !loginNamePattern.test(user))
    return { wrong: "The login name holds a blank or a character of the shell." };
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (port !== undefined && (port < 1 || port > 65_535))
    return { wrong: "A port is a number from 1 to 65535." };
  return { alias, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}
