import * as z from "zod";
import { memberNameSchema, roleSchema, tokenIdSchema, userRoleSchema } from "../../../protocol/ids.ts";
import { comebackCodeSchema } from "../../../protocol/member.ts";
import { bannerSchema } from "./panelSchema.ts";

/** One member. Times are the service's clock in milliseconds; the page says them in the reader's own time. */
export const memberRowSchema = z.object({
  name: memberNameSchema,
  label: z.string(),
  /** Beside the name: of an agent its id, or that its host was removed. */
  note: z.string(),
  isYou: z.boolean(),
  role: roleSchema,
  canChangeRole: z.boolean(),
  seen: z.object({ text: z.string(), atMs: z.number().nullable() }),
  membership: z.object({
    text: z.string(),
    tone: z.enum(["plain", "warning", "ended"]),
    atMs: z.number().nullable(),
  }),
  isEnded: z.boolean(),
  /** Whether a link may bring it back: its certificate has run out. */
  canReturn: z.boolean(),
  canRevoke: z.boolean(),
  /** Which authority has signed its certificate, and which it trusts. */
  trust: z.string(),
  /** Code of the key that it asks to come back with; null where it does not, or may not be let in here. */
  approveCode: comebackCodeSchema.nullable(),
  /** Something that was asked about it is under way. */
  isBusy: z.boolean(),
});
export type MemberRow = z.infer<typeof memberRowSchema>;

/** A join link that can still be used. */
export const linkRowSchema = z.object({
  id: tokenIdSchema,
  whom: z.string(),
  made: z.object({ text: z.string(), atMs: z.number() }),
  runsOut: z.object({ text: z.string(), atMs: z.number() }),
  canWithdraw: z.boolean(),
  isBusy: z.boolean(),
});
export type LinkRow = z.infer<typeof linkRowSchema>;

const timeSchema = z.object({ text: z.string(), atMs: z.number() });

/** A certificate authority of the fleet. */
export const authorityRowSchema = z.object({
  fingerprint: z.string(),
  name: z.string(),
  state: z.string(),
  made: timeSchema,
  ends: timeSchema,
  certificates: z.string(),
});
export type AuthorityRow = z.infer<typeof authorityRowSchema>;

/** The fleet's certificate authorities, and how far a rotation is. */
export const trustModelSchema = z.object({
  phase: z.string(),
  next: timeSchema,
  /** Newest first. */
  authorities: z.array(authorityRowSchema),
  canRotate: z.boolean(),
});
export type TrustModel = z.infer<typeof trustModelSchema>;

/** Everything the panel of the members shows. */
export const membersModelSchema = z.object({
  banner: bannerSchema.nullable(),
  /** Why nothing can be changed here; empty when it can, or when that is not known. */
  note: z.string(),
  /** Whether this reader may change things: only then there is room for it. */
  isAdmin: z.boolean(),
  /** Null: not read yet. */
  rows: z.array(memberRowSchema).nullable(),
  /** Null: not for this reader. */
  links: z.array(linkRowSchema).nullable(),
  /** Null: not read yet. */
  trust: trustModelSchema.nullable(),
  readAtMs: z.number().nullable(),
  isStale: z.boolean(),
  /** Number of requests of the page that are done, whatever came of them: it takes back what it showed ahead. */
  answered: z.number(),
});
export type MembersModel = z.infer<typeof membersModelSchema>;

/** What the page says beside what every page says. */
export const membersMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("change-role"), member: memberNameSchema, role: userRoleSchema }),
  z.strictObject({ kind: z.literal("revoke"), member: memberNameSchema }),
  z.strictObject({ kind: z.literal("bring-back"), member: memberNameSchema }),
  z.strictObject({ kind: z.literal("approve"), member: memberNameSchema, code: comebackCodeSchema }),
  z.strictObject({ kind: z.literal("rotate") }),
  z.strictObject({ kind: z.literal("withdraw"), token: tokenIdSchema }),
  z.strictObject({ kind: z.literal("invite") }),
  z.strictObject({ kind: z.literal("refresh") }),
]);
export type MembersMessage = z.infer<typeof membersMessageSchema>;

/** What the page keeps over a reload of the window. */
export const membersStateSchema = z.object({ showsEnded: z.boolean(), scrollTop: z.number() });
export type MembersState = z.infer<typeof membersStateSchema>;
