import * as z from "zod";
import { memberNameSchema, roleSchema } from "../ids.ts";
import { members, membershipSchema, none, route } from "./routeParts.ts";

const statusAnswerSchema = z.object({
  fleetId: z.string(),
  url: z.string(),
  caFingerprint: z.string(),
  version: z.string(),
  protocol: z.number().int(),
  startedAtMs: z.number().int(),
  member: memberNameSchema,
  role: roleSchema,
  hosts: z.number().int(),
  activeJobs: z.number().int(),
  ledger: z.object({ events: z.number().int(), head: z.string() }),
});

/** What a service is, and who gets in. */
export const fleetRoutes = {
  join: route({
    method: "POST",
    path: "/v1/join",
    summary: "Join the fleet: a one-use token and a certificate request for a certificate",
    access: "anyone",
    params: none,
    query: none,
    body: z.strictObject({
      token: z.string().min(20).max(200),
      csrPem: z.string().max(16_384),
      /** The name a person would like; an agent's is the id of its host. */
      name: memberNameSchema.optional(),
      /** What joins. A link of the other kind is refused. */
      as: z.enum(["user", "agent"]).default("user"),
    }),
    bodyLimitBytes: 32_768,
    status: 200,
    answer: membershipSchema,
  }),
  getStatus: route({
    method: "GET",
    path: "/v1/status",
    summary: "What this service is and who you are to it",
    access: members,
    params: none,
    query: none,
    body: null,
    status: 200,
    answer: statusAnswerSchema,
  }),
  getOpenApi: route({
    method: "GET",
    path: "/v1/openapi.json",
    summary: "This API as an OpenAPI 3.1 document",
    access: members,
    params: none,
    query: none,
    body: null,
    status: 200,
    answer: z.record(z.string(), z.unknown()),
  }),
} as const;
