/** What two people compare: the first 80 bits of a key's SHA-256, too many to find another key for; five groups of digits. */
export function comebackCode(keySha256: string): string {
  return (keySha256.slice(0, 20).match(/.{4}/g) ?? []).join("-");
}
