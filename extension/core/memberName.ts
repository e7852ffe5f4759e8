/** A name for this editor as a member of the fleet, `ada-laptop`: letters, digits, `.`, `_` and `-` only. */
export function memberName(user: string, machine: string): string {
  const joined = `${user}-${machine.split(".", 1)[0] ?? ""}`;
  const plain = joined
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9._-]+/g, "")
    .replace(/^[._-]+|[._-]+$/g, "");
  return plain.slice(0, 63) || "editor";
}
