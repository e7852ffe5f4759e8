import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { networkInterfaces, hostname } from "node:os";
import { join } from "node:path";
import { Refusal } from "../../protocol/problem.ts";
import {
  certificateSha256,
  lifetimes,
  makeCa,
  publicKeyPemOf,
  rsaKeyPem,
  signCertificate,
  type KeyedCertificate,
} from "./x509.ts";

/** The fleet's CA as it lies in the data folder. Its key never leaves the service. */
export interface FleetCa extends KeyedCertificate {
  fleetId: string;
  /** SHA-256 of the CA certificate's DER, 64 lower-case hex digits. */
  fingerprint: string;
}

/** Reads the CA from `directory`, making it at the first start. Files are 0600. */
export function readOrMakeCa(
  directory: string,
  newFleetId: () => string,
  nowMs: number,
): FleetCa & { made: boolean } {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, "ca.json");
  if (existsSync(file)) return { ...readCa(file), made: false };
  const fleetId = newFleetId();
  const ca = makeCa(fleetId, nowMs);
  const kept: FleetCa = { fleetId, fingerprint: certificateSha256(ca.certificatePem), ...ca };
  writePrivateFile(file, JSON.stringify(kept));
  return { ...kept, made: true };
}

function readCa(file: string): FleetCa {
  try {
    return parseCa(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new Refusal("ca-damaged", { file }, { cause });
  }
}

/** The CA in the text of its file. Throws where fingerprint, key and fleet are not those of its certificate. */
export function parseCa(text: string): FleetCa {
  const ca = JSON.parse(text) as FleetCa;
  const certificate = new X509Certificate(ca.certificatePem);
  if (certificateSha256(ca.certificatePem) !== ca.fingerprint)
    throw new TypeError("its fingerprint is another");
  if (!certificate.checkPrivateKey(createPrivateKey(ca.keyPem))) throw new TypeError("its key is another's");
  if (certificate.subjectAltName !== `URI:spiffe://${ca.fleetId}`)
    throw new TypeError("its fleet is another");
  return ca;
}

/** The server's certificate (leaf, then the CA so that a joiner can find it) and key, for these listening addresses. */
export function makeServerCertificate(ca: FleetCa, listenAddress: string, nowMs: number): KeyedCertificate {
  const keyPem = rsaKeyPem(2048);
  const leaf = signCertificate(
    ca,
    {
      publicKeyPem: publicKeyPemOf(keyPem),
      commonName: "hwLedger Fleet service",
      uri: `spiffe://${ca.fleetId}/service`,
      addresses: serverAddresses(listenAddress),
      usage: "server",
      lifetimeMs: lifetimes.serverMs,
    },
    nowMs,
  );
  return { certificatePem: leaf + ca.certificatePem, keyPem };
}

/** Names and addresses the service can be reached by: loopback, and this machine's own unless it listens on loopback only. */
function serverAddresses(listenAddress: string): string[] {
  const found = new Set(["localhost", "127.0.0.1", "::1"]);
  const wildcard = listenAddress === "0.0.0.0" || listenAddress === "::";
  if (!wildcard) found.add(listenAddress);
  else {
    const name = hostname();
    if (/^[A-Za-z0-9.-]+$/.test(name)) found.add(name);
    for (const addresses of Object.values(networkInterfaces()))
      for (const { address } of addresses ?? []) found.add(address.replace(/%.*$/, ""));
  }
  return [...found];
}

/** Writes a file 0600 so that it is there whole or not at all. */
export function writePrivateFile(file: string, text: string): void {
  const partial = `${file}.${process.pid}.partial`;
  writeFileSync(partial, text, { mode: 0o600, flush: true });
  renameSync(partial, file);
}
