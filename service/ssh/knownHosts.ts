import { createHmac } from "node:crypto";
import { fingerprintOf, type HostKeyBlob } from "./hostKeyBlob.ts";

/** One usable line of a known_hosts file. */
export interface KnownHostLine {
  file: string;
  line: number;
  marker: "revoked" | "cert-authority" | null;
  /** Comma list of patterns, or one hashed name. */
  hosts: string;
  keyType: string;
  base64: string;
}

/** What known_hosts says of a key. `source` names file and line. */
export type KnownHostVerdict =
  | { kind: "known"; source: string }
  | { kind: "unknown" }
  | { kind: "changed"; expected: string; source: string }
  | { kind: "revoked"; source: string };

/** The lines of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT); what is not understood is left out. Pure. */
export function parseKnownHosts(text: string, file: string): KnownHostLine[] {
  return text.split(/\r?\n/).flatMap((raw, index) => {
    const fields = raw.trim().split(/[ \t]+/);
    if (fields[0] === "" || fields[0]?.startsWith("#") === true) return [];
    const marker = markerOf(fields[0]);
    if (marker === "other") return [];
    if (marker !== null) fields.shift();
    const [hosts, keyType, base64] = fields;
    if (hosts === undefined || keyType === undefined || base64 === undefined) return [];
    if (!/^[a-z]/.test(keyType) || !/^AAAA[A-Za-z0-9+/=]+$/.test(base64)) return [];
    return [{ file, line: index + 1, marker, hosts, keyType, base64 }];
  });
}

/**
 * What the lines say of a key shown by a host. `names`: the names to look up, first the exact one; the others can
 * only vouch for a key. "Changed" means: the same host, the same type of key, another key. Pure.
 */
export function checkKnownHosts(
  lines: readonly KnownHostLine[],
  names: readonly string[],
  key: HostKeyBlob,
): KnownHostVerdict {
  const all = linesOfHost(lines, names);
  const revoked = all.find((line) => line.marker === "revoked" && sameKey(line.base64, key.base64));
  if (revoked !== undefined) return { kind: "revoked", source: sourceOf(revoked) };
  const known = all.find((line) => line.marker === null && sameKey(line.base64, key.base64));
  if (known !== undefined) return { kind: "known", source: sourceOf(known) };
  const exact = linesOfHost(all, names.slice(0, 1));
  const other = exact.find((line) => line.marker === null && line.keyType === key.type);
  if (other === undefined) return { kind: "unknown" };
  const expected = fingerprintOf(Buffer.from(other.base64, "base64"));
  return { kind: "changed", expected, source: sourceOf(other) };
}

/** The types of key that the lines hold for a host, to ask the host for one of these. Pure. */
export function knownKeyTypes(lines: readonly KnownHostLine[], names: readonly string[]): string[] {
  const mine = linesOfHost(lines, names).filter((line) => line.marker === null);
  return [...new Set(mine.map((line) => line.keyType))];
}

/** The lines that hold for a host. Pure. */
export function linesOfHost(lines: readonly KnownHostLine[], names: readonly string[]): KnownHostLine[] {
  return lines.filter((line) => names.some((name) => hostMatches(line.hosts, name)));
}

/** The names under which known_hosts lists a host: HostKeyAlias alone, or host and port (the port left out if 22). */
export function knownHostNames(host: {
  hostname: string;
  port: number;
  hostKeyAlias: string | null;
}): string[] {
  if (host.hostKeyAlias !== null) return [host.hostKeyAlias.toLowerCase()];
  const name = host.hostname.toLowerCase();
  return host.port === 22 ? [name] : [`[${name}]:${host.port}`, name];
}

function markerOf(field: string | undefined): KnownHostLine["marker"] | "other" {
  if (field?.startsWith("@") !== true) return null;
  if (field === "@revoked") return "revoked";
  return field === "@cert-authority" ? "cert-authority" : "other";
}

function hostMatches(hosts: string, name: string): boolean {
  if (hosts.startsWith("|1|")) return hashMatches(hosts, name);
  const patterns = hosts.toLowerCase().split(",");
  if (patterns.some((pattern) => pattern.startsWith("!") && globMatches(pattern.slice(1), name)))
    return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && globMatches(pattern, name));
}

function hashMatches(hashed: string, name: string): boolean {
  const [, , salt, hash] = hashed.split("|");
  if (salt === undefined || hash === undefined) return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

function globMatches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`).test(name);
}

function sameKey(a: string, b: string): boolean {
  return a.replace(/=+$/, "") === b.replace(/=+$/, "");
}

function sourceOf(line: KnownHostLine): string {
  return `${line.file}, line ${line.line}`;
}
