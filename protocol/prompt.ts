import * as z from "zod";
import { hostIdSchema, promptIdSchema } from "./ids.ts";

/** A question that only a person can answer before a host can be reached. */
export const promptSchema = z.object({
  id: promptIdSchema,
  hostId: hostIdSchema.nullable(),
  host: z.string(),
  kind: z.enum(["host-key", "passphrase", "password", "keyboard-interactive"]),
  /** The sentence to show. */
  text: z.string(),
  /** True when the answer must not be echoed. */
  secret: z.boolean(),
  /** With `host-key`: the fingerprint on offer. The answer to accept is exactly this fingerprint. */
  fingerprint: z.string().nullable(),
  askedAtMs: z.number().int(),
  expiresAtMs: z.number().int(),
});
export type Prompt = z.infer<typeof promptSchema>;
