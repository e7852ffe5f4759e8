import * as z from "zod";
import { hostIdSchema, hostNameSchema, jobIdSchema, memberNameSchema, roles, roleSchema } from "../ids.ts";
import type { Route } from "../route.ts";

/** Roles that a route admits. */
export const members = ["viewer", "operator", "admin"] as const;
export const operators = ["operator", "admin"] as const;
export const admins = ["admin"] as const;
/** An agent reaches what is its own host's only. */
export const agents = ["agent"] as const;
export const everybody = roles;

/** A route without parameters, or without a query. */
export const none = z.strictObject({});

/** A row of the table with its exact types. */
export function route<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType | "tar" | null,
  A extends z.ZodType | "bytes" | "events" | "text",
>(row: Route<P, Q, B, A>): Route<P, Q, B, A> {
  return row;
}

/** A member is addressed by its name. */
export const memberParams = z.strictObject({ member: memberNameSchema });

/** What joining and renewing give: a certificate for the key of the request, and the CA to know the service by. */
export const membershipSchema = z.object({
  fleetId: z.string(),
  member: memberNameSchema,
  role: roleSchema,
  certificatePem: z.string(),
  /** Every authority to trust, one after the other. */
  caPem: z.string(),
  notAfterMs: z.number().int(),
  /** Bearer token for the bundle of authorities; the one before is good no more. */
  bundleToken: z.string(),
});

/** A host is addressed by its name or its id. */
export const hostParams = z.strictObject({ host: z.union([hostIdSchema, hostNameSchema]) });
/** A job is addressed by its id. */
export const jobParams = z.strictObject({ job: jobIdSchema });
/** A page of a list: from after the cursor that the page before gave. */
export const cursorQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(100).optional(),
});
