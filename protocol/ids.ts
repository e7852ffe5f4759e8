import * as z from "zod";

/** Identifier of a host: `h-` and 16 lower-case hex digits. */
export const hostIdSchema = z
  .string()
  .regex(/^h-[0-9a-f]{16}$/)
  .brand<"HostId">();
export type HostId = z.infer<typeof hostIdSchema>;

/** Identifier of a job: `j-` and 16 lower-case hex digits. It names a folder on the host, so nothing else may pass. */
export const jobIdSchema = z
  .string()
  .regex(/^j-[0-9a-f]{16}$/)
  .brand<"JobId">();
export type JobId = z.infer<typeof jobIdSchema>;

/** Identifier of a question to a person: `p-` and 16 lower-case hex digits. */
export const promptIdSchema = z
  .string()
  .regex(/^p-[0-9a-f]{16}$/)
  .brand<"PromptId">();
export type PromptId = z.infer<typeof promptIdSchema>;

/** What a person calls a host: one to 63 of letters, digits, dot, underscore and hyphen, not starting with punctuation. */
export const hostNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    "letters, digits, '.', '_' and '-', at most 63, first a letter or digit",
  );

/** A member's name in the fleet (path segment of its SPIFFE id): same form as a host name. */
export const memberNameSchema = hostNameSchema;

/** What people may be: viewers look, operators also run jobs, admins also change the fleet. */
export const userRoles = ["viewer", "operator", "admin"] as const;
export type UserRole = (typeof userRoles)[number];
export const userRoleSchema = z.enum(userRoles);

/** What a member may be; an agent is a host's own program and reaches nothing but what is its host's. */
export const roles = [...userRoles, "agent"] as const;
export type Role = (typeof roles)[number];
export const roleSchema = z.enum(roles);

/** Identifier of a join token: `t-` and 16 lower-case hex digits. It is no secret. */
export const tokenIdSchema = z.string().regex(/^t-[0-9a-f]{16}$/);
