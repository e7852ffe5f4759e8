import * as z from "zod";

export const caStates = ["announced", "issuing", "superseded", "retired"] as const;
/**
 * What a certificate authority does: `announced` is in the bundle that members fetch and signs nothing yet; `issuing`
 * signs; `superseded` is trusted for what it has signed; `retired` is trusted for nothing.
 */
export type CaState = (typeof caStates)[number];

export const rotationPhases = ["steady", "announce", "distribute", "issue"] as const;
/**
 * How far a rotation is: `announce` a new authority was made, `distribute` members fetch it, `issue` it signs and the
 * one before is trusted until nothing valid hangs on it any more. Its retirement makes the fleet `steady` again.
 */
export type RotationPhase = (typeof rotationPhases)[number];

/** A certificate authority as members see it. Times are the service's clock in milliseconds. */
export const caRecordSchema = z.object({
  /** SHA-256 of the certificate's DER, 64 lower-case hex digits. */
  fingerprint: z.string(),
  generation: z.number().int().positive(),
  state: z.enum(caStates),
  madeAtMs: z.number().int(),
  stateAtMs: z.number().int(),
  notAfterMs: z.number().int(),
  /** Certificates of members that count and were signed by it. */
  validCertificates: z.number().int(),
  certificatePem: z.string(),
  /** Its name and key signed by the authority before it, so that who trusts that one trusts it; null for the first. */
  crossPem: z.string().nullable(),
});
export type CaRecord = z.infer<typeof caRecordSchema>;

/** The authorities that a member should trust, and how far a rotation is. */
export const caBundleSchema = z.object({
  fleetId: z.string(),
  phase: z.enum(rotationPhases),
  /** When the next rotation begins by itself. */
  nextRotationAtMs: z.number().int(),
  /** All but the retired, oldest first. */
  cas: z.array(caRecordSchema),
});
export type CaBundle = z.infer<typeof caBundleSchema>;

/**
 * Server name in the contacts of a joiner, which is shown the authority that its link names, and how the one that signs
 * follows upon it. `caFingerprint`: that authority's.
 */
export function joinServerName(caFingerprint: string): string {
  return `${caFingerprint.slice(0, 32)}.join.hwledger.invalid`;
}

/** SPIFFE id of a fleet's service. */
export function serviceUri(fleetId: string): string {
  return `spiffe://${fleetId}/service`;
}
