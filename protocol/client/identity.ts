import * as z from "zod";
import { memberNameSchema, roleSchema } from "../ids.ts";

/** A member's proof of who it is and of which fleet it trusts. Holds a private key: file mode 0600 or a secret store. */
export const identitySchema = z.object({
  url: z.string(),
  fleetId: z.string(),
  /** SHA-256 of the newest authority's DER, 64 lower-case hex digits: the fleet's fingerprint, for people. */
  caFingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  /** The authorities that are trusted, one after the other. */
  caPem: z.string(),
  certificatePem: z.string(),
  keyPem: z.string(),
  member: memberNameSchema,
  role: roleSchema,
  notAfterMs: z.number().int(),
  /** Bearer token for the bundle of authorities; memberships of earlier versions have none. */
  bundleToken: z
    .string()
    .regex(/^[A-Za-z0-9_-]{20,200}$/)
    .optional(),
  /** When the bundle was last looked at, by the member's clock. */
  bundleSeenAtMs: z.number().int().optional(),
  /** A renewal that was begun: its key and request. */
  renewal: z.object({ keyPem: z.string(), csrPem: z.string() }).optional(),
});
export type Identity = z.infer<typeof identitySchema>;
