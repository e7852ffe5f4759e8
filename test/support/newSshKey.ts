import { generateKeyPairSync } from "node:crypto";

/**
 * A fresh private key in PEM that ssh2 takes as a host's key and as an identity. Node makes it: of the ed25519 keys that
 * ssh2's own `generateKeyPairSync` makes one in 256 cannot be read again, as it strips zeros that belong to them
 * (mscdex/ssh2#1390).
 */
export function newSshKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "sec1", format: "pem" }).toString();
}
