import * as z from "zod";
import { memberNameSchema, roleSchema } from "../ids.ts";
import { admins, members, none, route } from "./routeParts.ts";

const joinAnswerSchema = z.object({
  fleetId: z.string(),
  member: memberNameSchema,
  role: roleSchema,
  certificatePem: z.string(),
  caPem: z.string(),
  notAfterMs: z.number().int(),
});

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
      name: memberNameSchema.optional(),
    }),
    bodyLimitBytes: 32_768,
    status: 200,
    answer: joinAnswerSchema,
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
  createToken: route({
    method: "POST",
    path: "/v1/tokens",
    summary: "A join link for one more member",
    access: admins,
    params: none,
    query: none,
    body: z.strictObject({
      role: roleSchema,
      ttlMs: z.number().int().min(1_000).max(86_400_000).optional(),
    }),
    status: 201,
    answer: z.object({
      link: z.string(),
      editorLink: z.string(),
      role: roleSchema,
      expiresAtMs: z.number().int(),
    }),
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
