import { generateKeyPair, generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { promisify } from "node:util";
import forge from "node-forge";
import { Refusal } from "../../protocol/problem.ts";

/** A certificate and its private key, both PEM. */
export interface KeyedCertificate {
  certificatePem: string;
  keyPem: string;
}

const dayMs = 86_400_000;
/** Clocks of hobby machines are wrong: certificates are valid from a little before now. */
export const backdateMs = dayMs;

/** Lifetimes in milliseconds. */
export const lifetimes = {
  caMs: 800 * dayMs,
  serverMs: 30 * dayMs,
  userMs: 90 * dayMs,
  agentMs: 30 * dayMs,
} as const;

/** Bits of a certificate authority's RSA key. */
const caKeyBits = 3072;

/** Makes a fleet's certificate authority: RSA 3072, allowed to sign certificates and nothing else. */
export function makeCa(fleetId: string, nowMs: number): KeyedCertificate {
  return selfSignedCa(fleetId, 1, rsaKeyPem(caKeyBits), nowMs);
}

/** Makes the authority that follows upon others, off the main thread. Its name tells it from them. */
export async function makeNextCa(
  fleetId: string,
  generation: number,
  nowMs: number,
): Promise<KeyedCertificate> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: caKeyBits,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return selfSignedCa(fleetId, generation, privateKey, nowMs);
}

function selfSignedCa(fleetId: string, generation: number, keyPem: string, nowMs: number): KeyedCertificate {
  const key = forge.pki.privateKeyFromPem(keyPem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  const suffix = generation === 1 ? "" : ` ${generation}`;
  const name = [{ name: "commonName", value: `hwLedger fleet ${fleetId}${suffix}` }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  setValidity(certificate, nowMs, lifetimes.caMs);
  certificate.setExtensions([
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    { name: "subjectKeyIdentifier" },
    { name: "subjectAltName", altNames: [{ type: 6, value: `spiffe://${fleetId}` }] },
  ]);
  signWith(keyPem, certificate);
  return { certificatePem: forge.pki.certificateToPem(certificate), keyPem };
}

/**
 * A certificate by which whoever trusts the old authority trusts the new one: the new one's name and key, signed by the
 * old. It ends with the old one. Returns PEM.
 */
export function crossSignCa(old: KeyedCertificate, nextPem: string, fleetId: string, nowMs: number): string {
  const issuer = forge.pki.certificateFromPem(old.certificatePem);
  const next = forge.pki.certificateFromPem(nextPem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = next.publicKey;
  certificate.setSubject(next.subject.attributes);
  certificate.setIssuer(issuer.subject.attributes);
  setValidity(certificate, nowMs, issuer.validity.notAfter.getTime() - nowMs);
  certificate.setExtensions([
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    { name: "subjectKeyIdentifier" },
    { name: "authorityKeyIdentifier", keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
    { name: "subjectAltName", altNames: [{ type: 6, value: `spiffe://${fleetId}` }] },
  ]);
  signWith(old.keyPem, certificate);
  return forge.pki.certificateToPem(certificate);
}

/** What a certificate is for. */
export interface CertificateRequestFacts {
  publicKeyPem: string;
  commonName: string;
  /** SPIFFE id, the only thing that decides identity. */
  uri: string;
  /** DNS names and IP addresses of a server. */
  addresses: string[];
  usage: "server" | "client";
  lifetimeMs: number;
}

/** Signs a certificate with the fleet's CA. Returns PEM. */
export function signCertificate(ca: KeyedCertificate, facts: CertificateRequestFacts, nowMs: number): string {
  const issuer = forge.pki.certificateFromPem(ca.certificatePem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(facts.publicKeyPem);
  certificate.setSubject([{ name: "commonName", value: facts.commonName }]);
  certificate.setIssuer(issuer.subject.attributes);
  setValidity(certificate, nowMs, facts.lifetimeMs);
  certificate.setExtensions([
    { name: "basicConstraints", cA: false, critical: true },
    { name: "keyUsage", digitalSignature: true, critical: true },
    facts.usage === "server"
      ? { name: "extKeyUsage", serverAuth: true }
      : { name: "extKeyUsage", clientAuth: true },
    { name: "subjectKeyIdentifier" },
    { name: "authorityKeyIdentifier", keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
    { name: "subjectAltName", altNames: [{ type: 6, value: facts.uri }, ...facts.addresses.map(altName)] },
  ]);
  signWith(ca.keyPem, certificate);
  return forge.pki.certificateToPem(certificate);
}

/** Public key of a PKCS#10 request that its own key has signed. Throws `csr-invalid` or `csr-key-unsupported`. */
export function publicKeyOfRequest(csrPem: string): string {
  let csr: forge.pki.CertificateSigningRequest;
  try {
    csr = forge.pki.certificationRequestFromPem(csrPem, true);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "";
    if (/OID is not RSA|Cannot read public key/i.test(message))
      throw new Refusal("csr-key-unsupported", {}, { cause });
    throw new Refusal("csr-invalid", { reason: "It is not a PEM certificate request." }, { cause });
  }
  const key = csr.publicKey as forge.pki.rsa.PublicKey | null;
  // With an exponent of 1 anybody can sign; a long one takes forge seconds to verify with.
  const isUsual = key?.e.toString(10) === "65537";
  if (!key || !isUsual || key.n.bitLength() < 2048 || key.n.bitLength() > 8192)
    throw new Refusal("csr-key-unsupported");
  if (!signatureHolds(csr))
    throw new Refusal("csr-invalid", { reason: "Its signature is not by its own key." });
  return forge.pki.publicKeyToPem(key);
}

function signatureHolds(csr: forge.pki.CertificateSigningRequest): boolean {
  try {
    return csr.verify();
  } catch {
    return false;
  }
}

/** SHA-256 of a certificate's DER, 64 lower-case hex digits. */
export function certificateSha256(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
}

/** An RSA private key as PKCS#8 PEM. */
export function rsaKeyPem(bits: number): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Public half of a PEM private key, as SPKI PEM. */
export function publicKeyPemOf(keyPem: string): string {
  const key = forge.pki.privateKeyFromPem(keyPem);
  return forge.pki.publicKeyToPem(forge.pki.setRsaPublicKey(key.n, key.e));
}

function setValidity(certificate: forge.pki.Certificate, nowMs: number, lifetimeMs: number): void {
  // A positive 128-bit serial number: the first bit is 0, as RFC 5280 wants.
  const serial = randomBytes(16);
  serial[0] = (serial[0] ?? 0) & 0x7f || 0x01;
  certificate.serialNumber = serial.toString("hex");
  certificate.validity.notBefore = new Date(nowMs - backdateMs);
  certificate.validity.notAfter = new Date(nowMs + lifetimeMs);
}

/** Signs by Node's crypto: forge's own RSA takes fifty times as long, and holds up everything else meanwhile. */
function signWith(keyPem: string, certificate: forge.pki.Certificate): void {
  const signer = {
    sign() {
      const content = forge.asn1.toDer(certificate.tbsCertificate).getBytes();
      return sign("sha256", Buffer.from(content, "binary"), keyPem).toString("binary");
    },
  };
  certificate.sign(signer as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
}

function altName(address: string): { type: number; value?: string; ip?: string } {
  switch (isIP(address)) {
    case 4:
      return { type: 7, ip: address };
    case 6:
      // Forge makes bytes of anything with a colon, and takes a dot for IPv4: it gets the one form without dots.
      return { type: 7, ip: new URL(`https://[${address}]`).hostname.slice(1, -1) };
    default:
      return { type: 2, value: address };
  }
}
