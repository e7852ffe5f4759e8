import * as z from "zod";
import { memberNameSchema, roleSchema } from "../ids.ts";

/** A member's proof of who it is and of which fleet it trusts. Holds a private key: file mode 0600 or a secret store. */
export const identitySchema = z.object({
  url: z.string(),
  fleetId: z.string(),
  /** SHA-256 of the CA certificate's DER, 64 lower-case hex digits. */
  caFingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  caPem: z.string(),
  certificatePem: z.string(),
  keyPem: z.string(),
  member: memberNameSchema,
  role: roleSchema,
  notAfterMs: z.number().int(),
});
export type Identity = z.infer<typeof identitySchema>;
