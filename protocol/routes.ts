import * as z from "zod";
import { hostRecordSchema } from "./host.ts";
import {
  hostIdSchema,
  hostNameSchema,
  jobIdSchema,
  memberNameSchema,
  promptIdSchema,
  roleSchema,
} from "./ids.ts";
import { jobRecordSchema, jobSpecSchema } from "./job.ts";
import { ledgerEventSchema, ledgerVerdictSchema } from "./ledger/events.ts";
import { promptSchema } from "./prompt.ts";
import type { Route } from "./route.ts";

const members = ["viewer", "operator", "admin"] as const;
const operators = ["operator", "admin"] as const;
const admins = ["admin"] as const;
const none = z.strictObject({});

function route<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType | "tar" | null,
  A extends z.ZodType | "bytes" | "events",
>(row: Route<P, Q, B, A>): Route<P, Q, B, A> {
  return row;
}

/** A host is addressed by its name or its id. */
const hostParams = z.strictObject({ host: z.union([hostIdSchema, hostNameSchema]) });
const jobParams = z.strictObject({ job: jobIdSchema });
const cursorQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(100).optional(),
});
const rate = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).nullable();
const hostPath = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.includes("\0") && path.isWellFormed(), "a path without NUL and broken characters");

export const joinAnswerSchema = z.object({
  fleetId: z.string(),
  member: memberNameSchema,
  role: roleSchema,
  certificatePem: z.string(),
  caPem: z.string(),
  notAfterMs: z.number().int(),
});

export const statusAnswerSchema = z.object({
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

/** The workspace comes along in the request (base64 of a tar, for small ones) or by `PUT …/workspace` afterwards. */
const workspaceSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("inline"), tarBase64: z.base64().max(1_400_000) }),
  z.strictObject({ kind: z.literal("upload"), bytes: z.number().int().nonnegative().nullable() }),
]);

/** Largest tar, in bytes, that goes along inside the dispatch request instead of by an upload of its own. */
export const inlineWorkspaceLimitBytes = 1_000_000;

/** Every request a member can make. */
export const routes = {
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
  listHosts: route({
    method: "GET",
    path: "/v1/hosts",
    summary: "Every host with its newest reading",
    access: members,
    params: none,
    query: none,
    body: null,
    status: 200,
    answer: z.object({ hosts: z.array(hostRecordSchema) }),
  }),
  addHost: route({
    method: "POST",
    path: "/v1/hosts",
    summary: "Add a host: it is connected to, its key checked and a first reading taken before it is kept",
    access: admins,
    params: none,
    query: none,
    body: z.strictObject({
      name: hostNameSchema.refine(
        (name) => !hostIdSchema.safeParse(name).success,
        "a name that is no host id",
      ),
      /** Name or address given to `ssh -G`; default: the host's name. */
      alias: z
        .string()
        .min(1)
        .max(255)
        .regex(/^[^\s-][^\s\0]*$/)
        .optional(),
      user: z
        .string()
        .min(1)
        .max(64)
        .regex(/^[^\s\0:@-][^\s\0:@]*$/)
        .optional(),
      port: z.number().int().min(1).max(65535).optional(),
      identityFile: hostPath.optional(),
      hostKey: z
        .string()
        .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "SHA256: and 43 base64 characters")
        .optional(),
      rateMicroUsdPerHour: rate.optional(),
      python: hostPath.optional(),
      /** Keep it even when it cannot be reached just now. */
      unchecked: z.boolean().optional(),
    }),
    status: 201,
    answer: hostRecordSchema,
  }),
  getHost: route({
    method: "GET",
    path: "/v1/hosts/{host}",
    summary: "One host with its newest reading",
    access: members,
    params: hostParams,
    query: none,
    body: null,
    status: 200,
    answer: hostRecordSchema,
  }),
  changeHost: route({
    method: "PATCH",
    path: "/v1/hosts/{host}",
    summary: "Change a host's rate, interpreter or probing",
    access: admins,
    params: hostParams,
    query: none,
    body: z.strictObject({
      rateMicroUsdPerHour: rate.optional(),
      python: hostPath.nullable().optional(),
      probe: z.enum(["on", "off"]).optional(),
    }),
    status: 200,
    answer: hostRecordSchema,
  }),
  loginHost: route({
    method: "POST",
    path: "/v1/hosts/{host}/login",
    summary: "Connect to a host now; questions it needs answered go to the prompt topic",
    access: operators,
    params: hostParams,
    query: none,
    body: null,
    status: 200,
    answer: hostRecordSchema,
  }),
  removeHost: route({
    method: "DELETE",
    path: "/v1/hosts/{host}",
    summary: "Remove a host from the fleet; nothing on it is touched",
    access: admins,
    params: hostParams,
    query: none,
    body: null,
    status: 200,
    answer: z.object({ id: hostIdSchema, name: hostNameSchema }),
  }),
  createJob: route({
    method: "POST",
    path: "/v1/jobs",
    summary: "Dispatch a job. With an Idempotency-Key a repeated request answers with the same job",
    access: operators,
    params: none,
    query: none,
    body: z.strictObject({
      /** Host name or id; left out: the only online host with a free GPU. */
      host: z.union([hostIdSchema, hostNameSchema]).optional(),
      spec: jobSpecSchema,
      workspace: workspaceSchema,
    }),
    bodyLimitBytes: 4_000_000,
    status: 202,
    answer: jobRecordSchema,
  }),
  uploadWorkspace: route({
    method: "PUT",
    path: "/v1/jobs/{job}/workspace",
    summary: "Send the workspace of a job as a tar stream; it goes straight on to the host",
    access: operators,
    params: jobParams,
    query: none,
    body: "tar",
    status: 200,
    answer: jobRecordSchema,
  }),
  listJobs: route({
    method: "GET",
    path: "/v1/jobs",
    summary: "Jobs, newest first",
    access: members,
    params: none,
    query: cursorQuery,
    body: null,
    status: 200,
    answer: z.object({ jobs: z.array(jobRecordSchema), nextCursor: z.string().nullable() }),
  }),
  getJob: route({
    method: "GET",
    path: "/v1/jobs/{job}",
    summary: "One job",
    access: members,
    params: jobParams,
    query: none,
    body: null,
    status: 200,
    answer: jobRecordSchema,
  }),
  getJobLog: route({
    method: "GET",
    path: "/v1/jobs/{job}/log",
    summary: "A job's log from a byte offset, as raw bytes; with follow=1 until the log is complete",
    access: members,
    params: jobParams,
    query: z.strictObject({
      offset: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).default(0),
      follow: z.enum(["0", "1"]).default("0"),
    }),
    body: null,
    status: 200,
    answer: "bytes",
  }),
  cancelJob: route({
    method: "POST",
    path: "/v1/jobs/{job}/cancel",
    summary: "Ask for a job's end: TERM to its whole group, then KILL",
    access: operators,
    params: jobParams,
    query: none,
    body: null,
    status: 202,
    answer: jobRecordSchema,
  }),
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
  listPrompts: route({
    method: "GET",
    path: "/v1/prompts",
    summary: "Questions that wait for a person",
    access: operators,
    params: none,
    query: none,
    body: null,
    status: 200,
    answer: z.object({ prompts: z.array(promptSchema) }),
  }),
  answerPrompt: route({
    method: "POST",
    path: "/v1/prompts/{prompt}",
    summary: "Answer a question, or dismiss it with null; the answer is kept in memory only",
    access: operators,
    params: z.strictObject({ prompt: promptIdSchema }),
    query: none,
    body: z.strictObject({ answer: z.string().max(4_096).nullable() }),
    status: 200,
    answer: z.object({ accepted: z.boolean() }),
  }),
  streamMetrics: route({
    method: "GET",
    path: "/v1/metrics/stream",
    summary: "Live readings as server-sent events, of one host or of all",
    access: members,
    params: none,
    query: z.strictObject({ host: z.union([hostIdSchema, hostNameSchema]).optional() }),
    body: null,
    status: 200,
    answer: "events",
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

export type RouteName = keyof typeof routes;
type RouteOf<N extends RouteName> = (typeof routes)[N];

/** What a caller passes to a route. Parts that a route does not have are left out. */
export interface RouteInput<N extends RouteName> {
  params?: z.input<RouteOf<N>["params"]>;
  query?: z.input<RouteOf<N>["query"]>;
  body?: RouteOf<N>["body"] extends z.ZodType ? z.input<RouteOf<N>["body"]> : never;
}

/** What a route answers, for routes that answer JSON. */
export type RouteAnswer<N extends RouteName> = RouteOf<N>["answer"] extends z.ZodType
  ? z.output<RouteOf<N>["answer"]>
  : never;
