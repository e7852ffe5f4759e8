import type { ConnectionOptions, PeerCertificate } from "node:tls";
import type { X509Certificate } from "node:crypto";
import { serviceUri } from "../ca.ts";
import { certificatesIn, isAnchored } from "./caChain.ts";
import type { Identity } from "./identity.ts";

/** The part of an identity that says which service to trust. */
export type FleetPin = Pick<Identity, "caPem" | "fleetId">;

/**
 * TLS options that trust exactly the fleet's service: signed by its authorities, and by its SPIFFE id. The chain is
 * followed here again because editors patch `tls.connect` to trust more authorities than `ca` names.
 */
export function pinnedTls(pin: FleetPin): ConnectionOptions {
  const authorities = certificatesIn(pin.caPem);
  return {
    ca: pin.caPem,
    minVersion: "TLSv1.3",
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => serverIdentityError(pin.fleetId, authorities, certificate),
  };
}

/** Why a server's certificate chain is not the fleet's service; undefined when it is. */
export function serverIdentityError(
  fleetId: string,
  authorities: readonly X509Certificate[],
  certificate: PeerCertificate,
): Error | undefined {
  const uris = ((certificate as Partial<PeerCertificate>).subjectaltname ?? "").split(", ");
  if (!uris.includes(`URI:${serviceUri(fleetId)}`))
    return new Error(`its certificate does not name ${serviceUri(fleetId)}`);
  if (!isAnchored(certificate, authorities))
    return new Error("its certificate is not signed by the fleet's CA");
  return undefined;
}
