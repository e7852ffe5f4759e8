import { Refusal } from "../../protocol/problem.ts";
import type { HostKeyBlob } from "./hostKeyBlob.ts";
import { checkKnownHosts, knownKeyTypes, type KnownHostLine } from "./knownHosts.ts";

/** All that is known beforehand about the key that a host should show. */
export interface HostKeyRules {
  host: string;
  address: string;
  /** Fingerprint in the host's record. */
  pinned: string | null;
  /** Fingerprint that a person accepted earlier. */
  accepted: string | null;
  lines: readonly KnownHostLine[];
  names: readonly string[];
}

/** What to do with a key. `refuse` with `otherType`: a key of another type may still be the one vouched for. */
export type HostKeyDecision =
  | { kind: "accept" }
  | { kind: "ask"; unknown: Refusal }
  | { kind: "refuse"; refusal: Refusal; otherType: boolean };

/** Pinned, then accepted earlier, then known_hosts, then a question; revoked keys never. No path accepts silently. Pure. */
export function decideHostKey(rules: HostKeyRules, key: HostKeyBlob): HostKeyDecision {
  const verdict = checkKnownHosts(rules.lines, rules.names, key);
  const { host, address, pinned, accepted } = rules;
  const { fingerprint } = key;
  const changed = (expected: string, source: string): Refusal =>
    new Refusal("host-key-changed", { host, address, fingerprint, expected, source, keyType: key.label });
  if (verdict.kind === "revoked") {
    const refusal = new Refusal("host-key-revoked", { host, address, fingerprint, source: verdict.source });
    return { kind: "refuse", refusal, otherType: false };
  }
  if (pinned !== null) {
    if (sameFingerprint(pinned, fingerprint)) return { kind: "accept" };
    return { kind: "refuse", refusal: changed(pinned, "the host's record"), otherType: true };
  }
  if (accepted !== null && sameFingerprint(accepted, fingerprint)) return { kind: "accept" };
  if (verdict.kind === "known") return { kind: "accept" };
  if (verdict.kind === "changed") {
    return { kind: "refuse", refusal: changed(verdict.expected, verdict.source), otherType: false };
  }
  if (accepted !== null) {
    return { kind: "refuse", refusal: changed(accepted, "accepted earlier"), otherType: true };
  }
  const facts = { host, address, keyType: key.label, keyName: key.fileName, fingerprint };
  return { kind: "ask", unknown: new Refusal("host-key-unknown", facts) };
}

const offered = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
] as const;
export type HostKeyAlgorithm = (typeof offered)[number];

/** The host key algorithms to offer: types known for the host first, `without` left out. Pure. */
export function hostKeyAlgorithms(rules: HostKeyRules, without: ReadonlySet<string>): HostKeyAlgorithm[] {
  const known = new Set(knownKeyTypes(rules.lines, rules.names));
  const keyType = (algorithm: string): string => (algorithm.startsWith("rsa-") ? "ssh-rsa" : algorithm);
  const left = offered.filter((algorithm) => !without.has(keyType(algorithm)));
  const isKnown = (algorithm: string): boolean => known.has(keyType(algorithm));
  return [...left.filter(isKnown), ...left.filter((algorithm) => !isKnown(algorithm))];
}

function sameFingerprint(a: string, b: string): boolean {
  return a.trim().replace(/=+$/, "") === b;
}
