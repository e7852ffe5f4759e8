import * as z from "zod";
import { hostNameSchema, memberNameSchema, roleSchema, tokenIdSchema } from "./ids.ts";

/** Short name of a key that a member asks to come back with, as `1a2b-3c4d`. */
export const comebackCodeSchema = z.string().regex(/^[0-9a-f]{4}(?:-[0-9a-f]{4}){4}$/);

/** A member of the fleet as others see it. Times are the service's clock in milliseconds. */
export const memberRecordSchema = z.object({
  /** Of an agent: the id of its host. */
  name: memberNameSchema,
  role: roleSchema,
  /** Name of an agent's host; null for people, and for a host that was removed. */
  host: hostNameSchema.nullable(),
  joinedAtMs: z.number().int(),
  revokedAtMs: z.number().int().nullable(),
  /** End of the newest certificate. */
  notAfterMs: z.number().int().nullable(),
  /** Generation of the certificate authority that signed the newest certificate. */
  caGeneration: z.number().int().nullable(),
  /** Fingerprints of the certificate authorities that the member is known to trust. */
  trusts: z.array(z.string()),
  /** Since when a member whose certificate has run out asks to come back; null when it does not. */
  askedBackAtMs: z.number().int().nullable(),
  /** Code of the key that it asks with, which whoever asks is shown too: an admin compares the two. */
  askedBackCode: comebackCodeSchema.nullable(),
  /** When the member was last heard from, to within some minutes; null when it never was. */
  seenAtMs: z.number().int().nullable(),
});
export type MemberRecord = z.infer<typeof memberRecordSchema>;

export const tokenStates = ["open", "used", "expired", "revoked"] as const;

/** A join link as it can be listed: everything but what opens the door. */
export const tokenRecordSchema = z.object({
  id: tokenIdSchema,
  role: roleSchema,
  /** Name of the host whose agent it lets in. */
  host: hostNameSchema.nullable(),
  /** Who it brings back, or who used it. */
  member: memberNameSchema.nullable(),
  createdAtMs: z.number().int(),
  /** `user/<name>`, or `service`. */
  createdBy: z.string(),
  expiresAtMs: z.number().int(),
  state: z.enum(tokenStates),
});
export type TokenRecord = z.infer<typeof tokenRecordSchema>;
