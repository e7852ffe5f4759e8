import * as z from "zod";
import { hostIdSchema, hostNameSchema } from "../ids.ts";
import { jobRecordSchema, jobSpecSchema } from "../job.ts";
import { cursorQuery, jobParams, members, none, operators, route } from "./routeParts.ts";

/** The workspace comes along in the request (base64 of a tar, for small ones) or by `PUT …/workspace` afterwards. */
const workspaceSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("inline"), tarBase64: z.base64().max(1_400_000) }),
  z.strictObject({ kind: z.literal("upload"), bytes: z.number().int().nonnegative().nullable() }),
]);

/** Largest tar, in bytes, that goes along inside the dispatch request instead of by an upload of its own. */
export const inlineWorkspaceLimitBytes = 1_000_000;

/** Jobs, their workspaces and logs. */
export const jobRoutes = {
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
} as const;
