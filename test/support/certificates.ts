import { requestFor } from "../../protocol/client/makeCertificateRequest.ts";
import { publicKeyPemOf, rsaKeyPem, signCertificate, type KeyedCertificate } from "../../service/pki/x509.ts";

const dayMs = 86_400_000;

/** A user's certificate and key, signed by any CA for any SPIFFE id. */
export function userCertificate(ca: KeyedCertificate, uri: string, lifetimeMs = dayMs): KeyedCertificate {
  const keyPem = rsaKeyPem(2048);
  const facts = {
    publicKeyPem: publicKeyPemOf(keyPem),
    commonName: "somebody",
    uri,
    addresses: [],
    usage: "client" as const,
    lifetimeMs,
  };
  return { certificatePem: signCertificate(ca, facts, Date.now()), keyPem };
}

/** A certificate request and its key. */
export function certificateRequest(): { keyPem: string; csrPem: string } {
  const keyPem = rsaKeyPem(2048);
  return { keyPem, csrPem: requestFor(keyPem, "test") };
}

/** The certificate of a fleet's service, followed by its CA, and its key. */
export function serverCertificate(ca: KeyedCertificate & { fleetId: string }): KeyedCertificate {
  const keyPem = rsaKeyPem(2048);
  const facts = {
    publicKeyPem: publicKeyPemOf(keyPem),
    commonName: "hwLedger Fleet service",
    uri: `spiffe://${ca.fleetId}/service`,
    addresses: ["127.0.0.1", "localhost"],
    usage: "server" as const,
    lifetimeMs: dayMs,
  };
  return { certificatePem: signCertificate(ca, facts, Date.now()) + ca.certificatePem, keyPem };
}
