import { InvalidArgumentError } from "commander";
import { loginNamePattern } from "../../protocol/routes/hostRoutes.ts";

/** A host's address as typed: `[user@]address[:port]`, with `[v6]:port` for IPv6. */
export interface TypedAddress {
  user?: string;
  alias: string;
  port?: number;
}

/** Reads `[user@]address[:port]`. Throws a commander error that says what is wrong. */
export function parseAddress(text: string): TypedAddress {
  const at = text.lastIndexOf("@");
  const user = at > 0 ? text.slice(0, at) : undefined;
  const rest = text.slice(at + 1);
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(rest);
  const bareIpv6 = /^[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(rest) ? rest : undefined;
  const alias = match?.[1] ?? match?.[2] ?? bareIpv6;
  if (alias === undefined || at === 0) throw new InvalidArgumentError("An address is [user@]address[:port].");
  if (user !== undefined && !loginNamePattern.test(user))
    throw new InvalidArgumentError("The login name holds a blank or a character of the shell.");
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (port !== undefined && (port < 1 || port > 65_535))
    throw new InvalidArgumentError("A port is a number from 1 to 65535.");
  return { alias, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

/** Millionths of a dollar from a decimal such as `1.29`, without a floating-point error. */
export function parseRate(text: string): number {
  const match = /^\$?(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError("A rate is in dollars per hour, such as 0.42.");
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? "").padEnd(6, "0"));
}
