import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../../protocol/problem.ts";
import { writePrivateFile } from "../../protocol/client/writePrivateFile.ts";
import { certificateSha256, makeCa, type KeyedCertificate } from "./x509.ts";

/** A certificate authority with its key. The key never leaves the service. */
export interface FleetCa extends KeyedCertificate {
  fleetId: string;
  /** SHA-256 of the CA certificate's DER, 64 lower-case hex digits. */
  fingerprint: string;
}

/** Where the keys of the fleet's authorities lie: of the one that signs, and of the one that is to follow it. */
export interface CaFiles {
  /** The authority that signs; made at the first start. Throws `ca-damaged`. */
  current(): FleetCa;
  /** The one to follow; null for none. Throws `ca-damaged`. */
  next(): FleetCa | null;
  writeNext(ca: KeyedCertificate): FleetCa;
  /** Makes the one to follow the one that signs; the key of the one before is gone with it. */
  promoteNext(): void;
  dropNext(): void;
}

/** How the name of a file ends that is being written. */
const partial = ".partial";

/** Files in a data folder's `keys`, 0600, each there whole or not at all. */
export function openCaFiles(directory: string, newFleetId: () => string, nowMs: number): CaFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, "ca.json");
  const nextFile = join(directory, "ca-next.json");
  for (const name of readdirSync(directory))
    if (name.endsWith(partial)) rmSync(join(directory, name), { force: true }); // a key that a crash has left half written
  const write = (path: string, fleetId: string, ca: KeyedCertificate): FleetCa => {
    const kept = { fleetId, fingerprint: certificateSha256(ca.certificatePem), ...ca };
    writePrivateFile(path, JSON.stringify(kept));
    return kept;
  };
  if (!existsSync(file)) {
    const fleetId = newFleetId();
    write(file, fleetId, makeCa(fleetId, nowMs));
  }
  return {
    current: () => readCa(file),
    next: () => (existsSync(nextFile) ? readCa(nextFile) : null),
    writeNext: (ca) => write(nextFile, readCa(file).fleetId, ca),
    promoteNext: () => renameSync(nextFile, file),
    dropNext: () => rmSync(nextFile, { force: true }),
  };
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
