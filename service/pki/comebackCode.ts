/** What two people compare: the first eight digits of a key's SHA-256, in two groups. */
export function comebackCode(keySha256: string): string {
  return `${keySha256.slice(0, 4)}-${keySha256.slice(4, 8)}`;
}
