import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, PeerCertificate } from "node:tls";
import type { CaBundle } from "../ca.ts";
import { Refusal } from "../problem.ts";

/** Most certificates of a chain that are looked at. */
const longestChain = 10;

/** The certificates in PEM text, one after the other. Throws `answer-invalid` where one cannot be read. */
export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map(readCertificate);
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const reason = "A certificate of an authority cannot be read.";
    throw new Refusal("answer-invalid", { reason }, { cause });
  }
}

/** SHA-256 of a certificate's DER, 64 lower-case hex digits. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}

/** Whether a certificate was signed by an authority. Its dates are TLS's to check. */
export function isSignedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** Whether a chain as a server shows it, its own certificate first, leads to one of these authorities. */
export function isAnchored(shown: PeerCertificate, authorities: readonly X509Certificate[]): boolean {
  let at: Partial<DetailedPeerCertificate> | undefined = shown;
  for (let length = 0; at?.raw !== undefined && length < longestChain; length += 1) {
    const certificate = new X509Certificate(at.raw);
    if (authorities.some((authority) => isSignedBy(certificate, authority))) return true;
    const next: Partial<DetailedPeerCertificate> | undefined = at.issuerCertificate;
    if (next?.raw === undefined || !isSignedBy(certificate, new X509Certificate(next.raw))) return false;
    at = next === at ? undefined : next;
  }
  return false;
}

/**
 * The authorities to trust from now on, as PEM: those of the bundle that are trusted already, and those that follow upon
 * them by cross-certificates. Throws `service-untrusted` where the one that signs is not among them, `answer-invalid` where
 * a certificate cannot be read.
 */
export function followBundle(trustedPem: string, bundle: CaBundle, url: string): string {
  const trusted = certificatesIn(trustedPem);
  for (const { certificatePem, crossPem } of [...bundle.cas].sort((a, b) => a.generation - b.generation)) {
    const [authority] = certificatesIn(certificatePem);
    if (authority === undefined || trusted.some((one) => one.raw.equals(authority.raw))) continue;
    const [cross] = certificatesIn(crossPem ?? "");
    if (cross !== undefined && isSameAuthority(cross, authority, bundle.fleetId))
      if (trusted.some((one) => isSignedBy(cross, one))) trusted.push(authority);
  }
  const kept = bundle.cas.filter(({ certificatePem }) =>
    certificatesIn(certificatePem).some(({ raw }) => trusted.some((one) => one.raw.equals(raw))),
  );
  if (!kept.some(({ state }) => state === "issuing"))
    throw new Refusal("service-untrusted", {
      url,
      reason: "the certificate authority that signs now does not follow upon one that is trusted here",
    });
  return kept.map(({ certificatePem }) => certificatePem).join("");
}

/** Whether a cross-certificate is for this authority of this fleet. */
function isSameAuthority(cross: X509Certificate, authority: X509Certificate, fleetId: string): boolean {
  const names = (authority.subjectAltName ?? "").split(", ");
  return (
    authority.ca &&
    authority.verify(authority.publicKey) &&
    cross.subject === authority.subject &&
    cross.publicKey.equals(authority.publicKey) &&
    names.includes(`URI:spiffe://${fleetId}`)
  );
}
