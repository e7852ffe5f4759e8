import * as z from "zod";
import { hostIdSchema, hostNameSchema } from "./ids.ts";
import { hostReadingSchema } from "./reading.ts";
import { problemSchema } from "./problem.ts";

/** Path of the WebSocket on which a host's agent speaks with the service. */
export const agentPath = "/v1/agent";

/** Bytes that one end of a shell's stream may send before the other grants more by `credit`. */
export const shellWindowBytes = 262_144;

/** Shells that are open at once by one agent. */
export const maxAgentShells = 256;

/** A shell that nobody needs any more is forgotten after so long, whatever it does. */
export const releasedMs = 10_000;

/** Longest message either end takes, in bytes. */
export const maxAgentMessageBytes = 65_536;

/** Bytes of a shell's stream that go in one message. */
export const shellChunkBytes = 32_768;

/** Longest reading, in bytes of its JSON. */
export const maxReadingBytes = 1_048_576;

/** Close codes of the service: another agent of the same host has come; the certificate counts no more; the versions do not go together. */
export const agentCloseCodes = { replaced: 4000, unwelcome: 4001, mismatch: 4003 } as const;

/** Streams of a shell, as a frame names them. */
export const shellStreams = ["stdin", "stdout", "stderr"] as const;
export type ShellStream = (typeof shellStreams)[number];

const shellId = z.number().int().nonnegative().max(0xffff_ffff);
const credit = z.strictObject({
  type: z.literal("credit"),
  shell: shellId,
  stream: z.enum(shellStreams),
  bytes: z.number().int().positive().max(0xffff_ffff),
});

/** What an agent says in text. The first message is `hello`. */
export const agentMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("hello"),
    protocol: z.number().int(),
    /** Of the program, as `0.1.0`. */
    version: z.string().max(50),
    /** As Node names them: `linux`, `x64`. */
    platform: z.string().max(50),
    arch: z.string().max(50),
  }),
  /** The host cannot be read just now: what the shell or its tools said. */
  z.strictObject({ type: z.literal("unread"), reason: z.string().max(2_000) }),
  z.strictObject({ type: z.literal("opened"), shell: shellId }),
  z.strictObject({ type: z.literal("refused"), shell: shellId, reason: z.string().max(2_000) }),
  /** A shell's end; exactly one of the two is not null. More of its output may follow. */
  z.strictObject({
    type: z.literal("exit"),
    shell: shellId,
    code: z.number().int().nullable(),
    signal: z.string().max(50).nullable(),
  }),
  credit,
  z.strictObject({ type: z.literal("ping"), nonce: z.number().int() }),
]);
export type AgentMessage = z.infer<typeof agentMessageSchema>;

/** What the service says to an agent in text. The first message is `hello`. */
export const toAgentMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    protocol: z.number().int(),
    version: z.string(),
    hostId: hostIdSchema,
    host: hostNameSchema,
    /** Milliseconds from reading to reading; null: the host is left alone. */
    cadenceMs: z.number().int().positive().nullable(),
  }),
  z.object({ type: z.literal("cadence"), cadenceMs: z.number().int().positive().nullable() }),
  /** Every reading up to this one has been taken. */
  z.object({ type: z.literal("taken"), seq: z.number().int() }),
  z.object({ type: z.literal("open"), shell: shellId }),
  /** Nobody needs the shell any more: its stdin ends. */
  z.object({ type: z.literal("release"), shell: shellId }),
  credit,
  z.object({ type: z.literal("pong"), nonce: z.number().int() }),
  z.object({ type: z.literal("problem"), problem: problemSchema }),
]);
export type ToAgentMessage = z.infer<typeof toAgentMessageSchema>;

/** A reading on its way from an agent. Times in it are the agent's clock. */
export const sentReadingSchema = z.object({
  /** The agent's clock as it is sent, by which the service makes its own times of those in it. */
  sentAtMs: z.number(),
  /** False: it could not be sent when it was read. */
  live: z.boolean(),
  reading: hostReadingSchema,
});
export type SentReading = z.infer<typeof sentReadingSchema>;

/** A binary message: bytes of a shell's stream, none for its end; or a reading. */
export type AgentFrame =
  | { kind: "bytes"; stream: ShellStream; shell: number; bytes: Uint8Array }
  | { kind: "reading"; seq: number; bytes: Uint8Array };

const headBytes = 5;
const readingKind = 4;

/** The head of a binary message; the bytes follow it. */
export function agentFrameHead(
  frame: { kind: "bytes"; stream: ShellStream; shell: number } | { kind: "reading"; seq: number },
): Uint8Array {
  const head = new Uint8Array(headBytes);
  const view = new DataView(head.buffer);
  view.setUint8(0, frame.kind === "reading" ? readingKind : 1 + shellStreams.indexOf(frame.stream));
  view.setUint32(1, frame.kind === "reading" ? frame.seq : frame.shell);
  return head;
}

/** Reads a binary message; null when it is none of ours. The bytes share the memory of the message. */
export function decodeAgentFrame(message: Uint8Array): AgentFrame | null {
  if (message.length < headBytes) return null;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const kind = view.getUint8(0);
  const number = view.getUint32(1);
  const bytes = message.subarray(headBytes);
  if (kind === readingKind) return { kind: "reading", seq: number, bytes };
  const stream = shellStreams[kind - 1];
  return stream === undefined ? null : { kind: "bytes", stream, shell: number, bytes };
}
