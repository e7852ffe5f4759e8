import * as z from "zod";
import { hostRecordSchema } from "./host.ts";
import { jobRecordSchema } from "./job.ts";
import { ledgerEventSchema } from "./ledger/events.ts";
import { problemSchema } from "./problem.ts";
import { roleSchema, type Role } from "./ids.ts";
import { promptSchema } from "./prompt.ts";
import { hostReadingSchema } from "./reading.ts";
import { members, operators } from "./routes/routeParts.ts";

/** Path of the WebSocket. */
export const streamPath = "/v1/stream";

/** Log bytes a subscriber may be sent before it grants more by `credit`. */
export const logWindowBytes = 1_048_576;

/** Reason of a close with code 4001, where it is not that the certificate was withdrawn. */
export const certificateRanOut = "the certificate has run out";

/** Milliseconds between pings of either side; a peer silent for three of them is gone. */
export const pingIntervalMs = 15_000;

/** `fleet`, `ledger`, `prompts`, `metrics:<host id>` or `job:<job id>`. */
export const topicSchema = z
  .string()
  .regex(/^(fleet|ledger|prompts|metrics:h-[0-9a-f]{16}|job:j-[0-9a-f]{16})$/);
export type Topic = z.infer<typeof topicSchema>;

export type TopicKind = "fleet" | "ledger" | "prompts" | "metrics" | "job";

/** Who may subscribe to a topic. */
export const topicAccess: Record<TopicKind, readonly Role[]> = {
  fleet: members,
  ledger: members,
  prompts: operators,
  metrics: members,
  job: members,
};

const subscriptionId = z.number().int().nonnegative().max(0xffff_ffff);

/** What a client says on the stream. The first message is `hello`. */
export const clientMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("hello"), protocol: z.number().int(), client: z.string().max(200) }),
  z.strictObject({
    type: z.literal("subscribe"),
    id: subscriptionId,
    topic: topicSchema,
    /** With a job: also its log from this byte on, as binary frames. */
    logFrom: z.number().int().nonnegative().optional(),
  }),
  z.strictObject({ type: z.literal("unsubscribe"), id: subscriptionId }),
  z.strictObject({ type: z.literal("credit"), id: subscriptionId, bytes: z.number().int().positive() }),
  z.strictObject({ type: z.literal("ping"), nonce: z.number().int() }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

/** Data of a topic: whole records, of everything (`snapshot`) or of what changed (`update`). */
export const topicDataSchema = z.union([
  z.object({
    kind: z.literal("fleet"),
    hosts: z.array(hostRecordSchema),
    jobs: z.array(jobRecordSchema),
    removedHostIds: z.array(z.string()),
  }),
  z.object({ kind: z.literal("metrics"), reading: hostReadingSchema.nullable() }),
  z.object({ kind: z.literal("job"), job: jobRecordSchema }),
  z.object({ kind: z.literal("ledger"), events: z.array(ledgerEventSchema), head: z.string() }),
  z.object({ kind: z.literal("prompts"), prompts: z.array(promptSchema) }),
]);
export type TopicData = z.infer<typeof topicDataSchema>;

/** What the service says on the stream. */
export const serviceMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    protocol: z.number().int(),
    version: z.string(),
    fleetId: z.string(),
    member: z.string(),
    role: roleSchema,
  }),
  z.object({
    type: z.literal("snapshot"),
    id: subscriptionId,
    revision: z.number().int(),
    data: topicDataSchema,
  }),
  z.object({
    type: z.literal("update"),
    id: subscriptionId,
    revision: z.number().int(),
    data: topicDataSchema,
  }),
  /** Every byte of the log was sent and no more will come; the last `update` said how the job ended. */
  z.object({ type: z.literal("log-end"), id: subscriptionId, bytes: z.number().int() }),
  z.object({ type: z.literal("problem"), id: subscriptionId.nullable(), problem: problemSchema }),
  z.object({ type: z.literal("pong"), nonce: z.number().int() }),
]);
export type ServiceMessage = z.infer<typeof serviceMessageSchema>;

/** Length of the head of a binary log frame: kind (1), subscription id (4, big-endian), byte offset (8, big-endian). */
export const logFrameHeadBytes = 13;

/** One part of a log, in the pieces it came in. */
export interface LogFrame {
  id: number;
  offset: number;
  pieces: readonly Uint8Array[];
}

/** The head of a log's binary frame, in the message's first fragment; the bytes follow it, in the same message. */
export function logFrameHead({ id, offset }: Omit<LogFrame, "pieces">): Uint8Array {
  const head = new Uint8Array(logFrameHeadBytes);
  const view = new DataView(head.buffer);
  view.setUint8(0, 1);
  view.setUint32(1, id);
  view.setBigUint64(5, BigInt(offset));
  return head;
}

/**
 * Reads a binary message from the WebSocket fragments it came in, so that nobody copies them together; null when it is
 * none of ours. The pieces share the memory of the fragments.
 */
export function decodeLogFrame(fragments: readonly Uint8Array[]): LogFrame | null {
  const [first, ...rest] = fragments;
  if (first === undefined || first.length < logFrameHeadBytes || first[0] !== 1) return null;
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  const pieces = [first.subarray(logFrameHeadBytes), ...rest].filter(({ length }) => length > 0);
  return { id: view.getUint32(1), offset: Number(view.getBigUint64(5)), pieces };
}
