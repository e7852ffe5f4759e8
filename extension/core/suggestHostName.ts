/** A free name for a host at that address: its first label, or the whole of an IP address, with a number where taken. */
export function suggestHostName(alias: string, taken: ReadonlySet<string>): string {
  const isIp = /^[\d.]+$/.test(alias) || alias.includes(":");
  const base = (isIp ? alias : (alias.split(".", 1)[0] ?? alias))
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "")
    .slice(0, 60);
  const name = base || "host";
  for (let number = 1; number < 1_000; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
  return name;
}
