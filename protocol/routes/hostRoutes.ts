import * as z from "zod";
import { loginNamePattern } from "../hostAddress.ts";
import { hostRecordSchema } from "../host.ts";
import { hostMetricsSchema } from "../hostMetrics.ts";
import { hostIdSchema, hostNameSchema, promptIdSchema } from "../ids.ts";
import { promptSchema } from "../prompt.ts";
import { admins, hostParams, members, none, operators, route } from "./routeParts.ts";

const timeMs = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const rate = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).nullable();
const hostPath = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.includes("\0") && path.isWellFormed(), "a path without NUL and broken characters");

/** Hosts, their readings and the questions they ask. */
export const hostRoutes = {
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
        .regex(loginNamePattern, "a login name, without blanks and characters of a shell")
        .optional(),
      port: z.number().int().min(1).max(65535).optional(),
      identityFile: hostPath.optional(),
      hostKey: z
        .string()
        .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "SHA256: and 43 base64 characters")
        .optional(),
      rateMicroUsdPerHour: rate.optional(),
      python: hostPath.optional(),
      /** It is reached by an agent that is going to join, not by SSH. */
      agent: z.literal(true).optional(),
      /** Keep it even when it cannot be reached just now. */
      unchecked: z.boolean().optional(),
    }),
    status: 201,
    answer: hostRecordSchema,
  }),
  listSshNames: route({
    method: "GET",
    path: "/v1/ssh-names",
    summary: "Names that ~/.ssh/config knows on the service's machine, to choose a host from",
    access: admins,
    params: none,
    query: none,
    body: null,
    status: 200,
    answer: z.object({
      names: z.array(
        z.object({
          name: z.string(),
          /** Address in the same section; a hint, `ssh -G` decides. */
          hostName: z.string().nullable(),
          user: z.string().nullable(),
        }),
      ),
    }),
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
  getHostMetrics: route({
    method: "GET",
    path: "/v1/hosts/{host}/metrics",
    summary:
      "What a host did, as columns of numbers: the readings of the last 15 minutes, or, with a step of 60 seconds or more, rolled up. Minutes are kept for 30 days, hours for two years; load and power are means, memory and temperature the highest",
    access: members,
    params: hostParams,
    /**
     * Service clock in milliseconds, both included; `step` in seconds. Steps of the answer may be longer: there are at most some
     * 2,000 of them, and hours are answered of what is older than 30 days or longer than 7. Without `from`, the last day.
     */
    query: z.strictObject({
      from: timeMs.optional(),
      to: timeMs.optional(),
      step: z.coerce.number().int().min(60).max(31_536_000).optional(),
    }),
    body: null,
    status: 200,
    /** `stepS`: seconds from point to point, each at the beginning of its step; null for readings as they came. */
    answer: hostMetricsSchema.extend({ stepS: z.number().int().nullable() }),
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
  installAgent: route({
    method: "POST",
    path: "/v1/hosts/{host}/agent",
    summary:
      "Set the agent up on a host by a shell there, and wait until it is connected; questions go to the prompt topic",
    access: admins,
    params: hostParams,
    query: none,
    body: null,
    status: 200,
    /** `said`: what was printed there, in lines. */
    answer: z.object({ host: hostRecordSchema, said: z.string() }),
  }),
  removeHost: route({
    method: "DELETE",
    path: "/v1/hosts/{host}",
    summary:
      "Remove a host from the fleet; nothing on it is touched. With force=1 its jobs are given up as lost first",
    access: admins,
    params: hostParams,
    query: z.strictObject({ force: z.literal("1").optional() }),
    body: null,
    status: 200,
    answer: z.object({ id: hostIdSchema, name: hostNameSchema }),
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
  getMetrics: route({
    method: "GET",
    path: "/metrics",
    summary: "The fleet's present figures as Prometheus text; what was not read is absent",
    access: members,
    params: none,
    query: none,
    body: null,
    status: 200,
    answer: "text",
  }),
} as const;
