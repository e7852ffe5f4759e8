import * as z from "zod";
import { ledgerEventSchema, ledgerVerdictSchema } from "../ledger/events.ts";
import { members, none, route } from "./routeParts.ts";

/** The ledger. */
export const ledgerRoutes = {
  listLedger: route({
    method: "GET",
    path: "/v1/ledger",
    summary:
      "Ledger events in their order: the first after a sequence number or, without one, the newest (`before` one); `contains` leaves out others",
    access: members,
    params: none,
    query: z.strictObject({
      after: z.coerce.number().int().nonnegative().optional(),
      /** Only events before this sequence number: the way to older pages. */
      before: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
      /** Only events with this text in type, actor or payload; of ASCII letters the case does not matter. */
      contains: z
        .string()
        .min(1)
        .max(200)
        .refine(
          (text) => !text.includes("\0") && text.isWellFormed(),
          "text without NUL and broken characters",
        )
        .optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    body: null,
    status: 200,
    answer: z.object({ events: z.array(ledgerEventSchema), head: z.string(), total: z.number().int() }),
  }),
  verifyLedger: route({
    method: "GET",
    path: "/v1/ledger/verify",
    summary: "Recompute the whole chain; names the first bad event",
    access: members,
    params: none,
    query: none,
    body: null,
    status: 200,
    answer: ledgerVerdictSchema,
  }),
} as const;
