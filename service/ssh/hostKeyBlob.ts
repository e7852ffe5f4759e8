import { createHash } from "node:crypto";

/** A host key as the wire carries it, and the ways people name it. */
export interface HostKeyBlob {
  /** Algorithm name, such as `ssh-ed25519`. */
  type: string;
  /** As `ssh-keygen -l` prints it, such as `ED25519`. */
  label: string;
  /** The `NAME` in `/etc/ssh/ssh_host_NAME_key.pub`. */
  fileName: string;
  /** `SHA256:` and base64 without padding. */
  fingerprint: string;
  base64: string;
}

/** Reads a raw key blob (RFC 4253 §6.6: its first string is the type). */
export function readHostKeyBlob(blob: Buffer): HostKeyBlob {
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  const type = blob.toString("latin1", 4, 4 + Math.min(length, 64));
  const family = familyOf(type);
  return {
    type,
    label: family.toUpperCase(),
    fileName: family,
    fingerprint: fingerprintOf(blob),
    base64: blob.toString("base64"),
  };
}

/** `SHA256:…` of a raw key blob, as `ssh-keygen -lf` prints it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

function familyOf(type: string): string {
  if (type.includes("ed25519")) return "ed25519";
  if (type.includes("ecdsa")) return "ecdsa";
  if (type.includes("dss")) return "dsa";
  return "rsa";
}
