import * as z from "zod";
import { connectionSchema } from "../host.ts";
import { hostIdSchema, hostNameSchema, jobIdSchema, memberNameSchema, roleSchema } from "../ids.ts";
import { jobCauseSchema } from "../job.ts";

const jobEnd = {
  jobId: jobIdSchema,
  exitCode: z.number().int().nullable(),
  cause: jobCauseSchema,
  logBytes: z.number().int(),
  logSha256: z.string().nullable(),
  /** From start to end by the host's clock; null where the host cannot say. */
  lastedMs: z.number().int().nullable(),
};

/** Payload of every event type. Numbers are integers; nothing secret and no environment value is ever in one. */
export const eventPayloads = {
  "fleet.created": z.object({ fleetId: z.string(), caFingerprint: z.string() }),
  "token.created": z.object({
    tokenId: z.string(),
    role: roleSchema,
    expiresAtMs: z.number().int(),
    /** The host whose agent it lets in. */
    hostId: hostIdSchema.optional(),
    /** The member that it brings back. */
    member: memberNameSchema.optional(),
  }),
  "token.revoked": z.object({ tokenId: z.string() }),
  "member.joined": z.object({
    member: memberNameSchema,
    role: roleSchema,
    tokenId: z.string().nullable(),
    certificateSha256: z.string(),
    notAfterMs: z.number().int(),
  }),
  "member.renewed": z.object({
    member: memberNameSchema,
    certificateSha256: z.string(),
    notAfterMs: z.number().int(),
  }),
  "member.role-changed": z.object({ member: memberNameSchema, from: roleSchema, to: roleSchema }),
  "member.revoked": z.object({ member: memberNameSchema }),
  /** Somebody was refused. The first of a minute is told at once with a count of 1, the others of that minute together. */
  "access.refused": z.object({
    /** Address of somebody unknown, or name of a member. */
    from: z.string(),
    code: z.string(),
    /** The last request of those counted: `GET /v1/hosts`, or `subscribe prompts`. */
    request: z.string(),
    count: z.number().int().positive(),
  }),
  /** A member whose certificate has run out asks to come back. */
  /** Events of earlier versions have no code. */
  "member.asked-back": z.object({ member: memberNameSchema, code: z.string().optional() }),
  "member.approved": z.object({ member: memberNameSchema, code: z.string().optional() }),
  "ca.announced": z.object({ fingerprint: z.string(), generation: z.number().int() }),
  "ca.issuing": z.object({ fingerprint: z.string(), generation: z.number().int() }),
  "ca.retired": z.object({ fingerprint: z.string(), generation: z.number().int() }),
  "host.added": z.object({
    hostId: hostIdSchema,
    name: hostNameSchema,
    connection: connectionSchema,
    rateMicroUsdPerHour: z.number().int().nullable(),
    python: z.string().nullable(),
  }),
  "host.changed": z.object({
    hostId: hostIdSchema,
    rateMicroUsdPerHour: z.number().int().nullable(),
    python: z.string().nullable(),
    probe: z.enum(["on", "off"]),
  }),
  "host.key-accepted": z.object({ hostId: hostIdSchema, fingerprint: z.string() }),
  "host.key-refused": z.object({ host: z.string(), code: z.string(), fingerprint: z.string() }),
  "host.removed": z.object({ hostId: hostIdSchema, name: hostNameSchema }),
  "job.queued": z.object({
    jobId: jobIdSchema,
    script: z.string(),
    args: z.array(z.string()),
    envNames: z.array(z.string()),
    timeoutMs: z.number().int().nullable(),
  }),
  "job.placed": z.object({ jobId: jobIdSchema, hostId: hostIdSchema, host: z.string() }),
  "job.syncing": z.object({ jobId: jobIdSchema }),
  "job.running": z.object({
    jobId: jobIdSchema,
    interpreter: z.string(),
    directory: z.string(),
    archiveBytes: z.number().int(),
    archiveSha256: z.string(),
  }),
  "job.cancel-requested": z.object({ jobId: jobIdSchema }),
  "job.succeeded": z.object(jobEnd),
  "job.failed": z.object(jobEnd),
  "job.cancelled": z.object(jobEnd),
  "job.timed-out": z.object(jobEnd),
  "job.lost": z.object(jobEnd),
} as const;

export type EventType = keyof typeof eventPayloads;
export type EventPayload<T extends EventType> = z.infer<(typeof eventPayloads)[T]>;

/** An event before the ledger gave it a place: what happened, by whom. */
export type NewEvent = { [T in EventType]: { type: T; actor: string; payload: EventPayload<T> } }[EventType];

/** An event as it stands in the ledger and on the wire. `hash` and `prev` are 64 lower-case hex digits. */
export const ledgerEventSchema = z.object({
  seq: z.number().int().positive(),
  atMs: z.number().int(),
  schema: z.number().int(),
  type: z.string(),
  actor: z.string(),
  payload: z.record(z.string(), z.unknown()),
  prev: z.string(),
  hash: z.string(),
});
export type LedgerEvent = z.infer<typeof ledgerEventSchema>;

/** Result of recomputing the chain. `firstBad` names the first event that is not what its hash says. */
export const ledgerVerdictSchema = z.object({
  ok: z.boolean(),
  events: z.number().int(),
  head: z.string(),
  firstBad: z
    .object({ seq: z.number().int(), reason: z.string(), expected: z.string(), found: z.string() })
    .optional(),
});
export type LedgerVerdict = z.infer<typeof ledgerVerdictSchema>;
