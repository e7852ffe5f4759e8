import { InvalidArgumentError } from "commander";
import { parseHostAddress, type HostAddress } from "../../protocol/hostAddress.ts";

/** Reads `[user@]address[:port]`. */
export function parseAddress(text: string): HostAddress {
  const address = parseHostAddress(text);
  if ("wrong" in address) throw new InvalidArgumentError(address.wrong);
  return address;
}

/** Millionths of a dollar from a decimal such as `1.29`, without a floating-point error. */
export function parseRate(text: string): number {
  const match = /^\$?(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError("A rate is in dollars per hour, such as 0.42.");
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? "").padEnd(6, "0"));
}
