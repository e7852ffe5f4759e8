import { isIPv6 } from "node:net";

/**
 * What counts as one address: an IPv4 address, also one mapped into IPv6; of IPv6 the first 64 bits, since whoever has
 * one address of such a network has all of them.
 */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const plain = address.replace(/%.*$/, "");
  if (!isIPv6(plain)) return address;
  const [head = "", tail] = plain.toLowerCase().split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - groupCount(tail);
  const all = [...groups, ...Array<string>(missing).fill("0"), ...(tail ? tail.split(":") : [])];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}

/** How many of the eight groups a part of an address fills; an IPv4 address at its end fills two. */
function groupCount(part: string): number {
  return part === "" ? 0 : part.split(":").length + (part.includes(".") ? 1 : 0);
}
