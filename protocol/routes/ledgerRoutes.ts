import * as z from "zod";
import { ledgerEventSchema, ledgerVerdictSchema } from "../ledger/events.ts";
import { members, none, route } from "./routeParts.ts";

/** The ledger. */
export const ledgerRoutes = {
  listLedger: route({
    method: "GET",
    path: "/v1/ledger",
    summary: "Ledger events, oldest first from after a sequence number; without it the newest",
    access: members,
    params: none,
    query: z.strictObject({
      after: z.coerce.number().int().nonnegative().optional(),
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
