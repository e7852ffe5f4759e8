import canonicalize from "canonicalize";

/** Domain separation of the event hash, so that no other SHA-256 of ours can be taken for one. */
export const chainDomain = "hwledger.event.v1\n";

/** `prev` of the first event. */
export const genesisHash = "0".repeat(64);

/** SHA-256 of UTF-8 text, 64 lower-case hex digits. Comes in as an argument: this room has no crypto. */
export type Sha256Hex = (text: string) => string;

/** The part of an event that its hash covers, beside the hash before it. */
export interface HashedEvent {
  seq: number;
  atMs: number;
  schema: number;
  type: string;
  actor: string;
  payload: unknown;
}

/** RFC 8785 JSON of a value: one text for each value. Throws where there is none (NaN, half of a surrogate pair). */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("only JSON has a canonical form");
  return text;
}

/** RFC 8785 JSON of the hashed part, exactly these members. */
export function canonicalEvent(event: HashedEvent): string {
  const { seq, atMs, schema, type, actor, payload } = event;
  return canonicalJson({ seq, at: atMs, schema, type, actor, payload });
}

/** SHA-256(domain ‖ prev ‖ RFC 8785 JSON of {seq, at, schema, type, actor, payload}). docs/ledger.md has test vectors. */
export function eventHash(prev: string, event: HashedEvent, sha256: Sha256Hex): string {
  return sha256(chainDomain + prev + canonicalEvent(event));
}
