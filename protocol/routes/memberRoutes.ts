import * as z from "zod";
import {
  hostIdSchema,
  hostNameSchema,
  memberNameSchema,
  roleSchema,
  tokenIdSchema,
  userRoleSchema,
} from "../ids.ts";
import { memberRecordSchema, tokenRecordSchema } from "../member.ts";
import { hostRecordSchema } from "../host.ts";
import {
  admins,
  agents,
  everybody,
  memberParams,
  members,
  membershipSchema,
  none,
  route,
} from "./routeParts.ts";

/** Who belongs to the fleet, and the links that let in more. */
export const memberRoutes = {
  listMembers: route({
    method: "GET",
    path: "/v1/members",
    summary: "Every member there is or was, with its role and the end of its certificate",
    access: members,
    params: none,
    query: none,
    body: null,
    status: 200,
    answer: z.object({ members: z.array(memberRecordSchema) }),
  }),
  changeMember: route({
    method: "PATCH",
    path: "/v1/members/{member}",
    summary: "Give a person another role; it holds from the next request on",
    access: admins,
    params: memberParams,
    query: none,
    body: z.strictObject({ role: userRoleSchema }),
    status: 200,
    answer: memberRecordSchema,
  }),
  revokeMember: route({
    method: "DELETE",
    path: "/v1/members/{member}",
    summary: "End a membership for good: open connections are cut, all its certificates count no more",
    access: admins,
    params: memberParams,
    query: none,
    body: null,
    status: 200,
    answer: memberRecordSchema,
  }),
  renew: route({
    method: "POST",
    path: "/v1/renew",
    summary:
      "A further certificate for who asks; the one that was shown stays good until its end. Where it has run out, an admin approves first",
    access: everybody,
    lapsed: true,
    costly: true,
    params: none,
    query: none,
    body: z.strictObject({ csrPem: z.string().max(16_384) }),
    bodyLimitBytes: 32_768,
    status: 200,
    answer: membershipSchema,
  }),
  getAgentHost: route({
    method: "GET",
    path: "/v1/agents/{host}",
    summary: "An agent's own host, by its id",
    access: agents,
    params: z.strictObject({ host: hostIdSchema }),
    query: none,
    body: null,
    status: 200,
    answer: hostRecordSchema,
  }),
  listTokens: route({
    method: "GET",
    path: "/v1/tokens",
    summary: "The newest join links, without what opens the door",
    access: admins,
    params: none,
    query: none,
    body: null,
    status: 200,
    answer: z.object({ tokens: z.array(tokenRecordSchema) }),
  }),
  createToken: route({
    method: "POST",
    path: "/v1/tokens",
    summary:
      "A join link: for a person of a role, for the agent of a host, or for a member whose certificate has run out",
    access: admins,
    params: none,
    query: none,
    body: z
      .strictObject({
        /** Left out with `member`, whose role stays. */
        role: roleSchema.optional(),
        /** The host whose agent it lets in. */
        host: z.union([hostIdSchema, hostNameSchema]).optional(),
        /** The member that it brings back. */
        member: memberNameSchema.optional(),
        ttlMs: z.number().int().min(1_000).max(86_400_000).optional(),
      })
      .refine(({ role, member }) => (role === undefined) !== (member === undefined), "either role or member")
      .refine(
        ({ role, host }) => (role === "agent") === (host !== undefined),
        "an agent's link names its host",
      ),
    status: 201,
    answer: z.object({
      id: tokenIdSchema,
      link: z.string(),
      editorLink: z.string(),
      role: roleSchema,
      expiresAtMs: z.number().int(),
    }),
  }),
  revokeToken: route({
    method: "DELETE",
    path: "/v1/tokens/{token}",
    summary: "Withdraw a join link that nobody has used yet",
    access: admins,
    params: z.strictObject({ token: tokenIdSchema }),
    query: none,
    body: null,
    status: 200,
    answer: tokenRecordSchema,
  }),
} as const;
