import { createHash } from "node:crypto";
import type { ConnectionOptions, DetailedPeerCertificate, PeerCertificate } from "node:tls";
import type { Identity } from "./identity.ts";

/** The part of an identity that says which service to trust. */
export type FleetPin = Pick<Identity, "caPem" | "caFingerprint" | "fleetId">;

/**
 * TLS options that trust exactly the fleet's service: its CA, by fingerprint, and its SPIFFE id.
 * The fingerprint is checked here again because editors patch `tls.connect` to trust more CAs than `ca` names.
 */
export function pinnedTls(pin: FleetPin): ConnectionOptions {
  return {
    ca: pin.caPem,
    minVersion: "TLSv1.3",
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => serverIdentityError(pin, certificate),
  };
}

/** Why a server's certificate chain is not the fleet's service; undefined when it is. */
export function serverIdentityError(pin: FleetPin, certificate: PeerCertificate): Error | undefined {
  const uris = ((certificate as Partial<PeerCertificate>).subjectaltname ?? "").split(", ");
  if (!uris.includes(`URI:${serviceUri(pin.fleetId)}`))
    return new Error(`its certificate does not name ${serviceUri(pin.fleetId)}`);
  if (!chainFingerprints(certificate).includes(pin.caFingerprint))
    return new Error("its certificate is not signed by the fleet's CA");
  return undefined;
}

/** SPIFFE id of a fleet's service. */
export function serviceUri(fleetId: string): string {
  return `spiffe://${fleetId}/service`;
}

/** SHA-256 fingerprints (hex) of a peer's certificate and all above it. */
export function chainFingerprints(certificate: PeerCertificate): string[] {
  const found: string[] = [];
  let at: Partial<DetailedPeerCertificate> | undefined = certificate;
  while (at?.raw !== undefined && found.length < 10) {
    const fingerprint = createHash("sha256").update(at.raw).digest("hex");
    if (found.includes(fingerprint)) break;
    found.push(fingerprint);
    at = at.issuerCertificate;
  }
  return found;
}
