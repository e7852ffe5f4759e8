import * as z from "zod";
import { hostIdSchema, hostNameSchema } from "./ids.ts";
import { gpuReadingSchema, hostReadingSchema } from "./reading.ts";

/** How a host is reached. `alias` is the name given to `ssh -G`, so that ~/.ssh/config applies. */
export const connectionSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("local") }),
  /** Only by the agent that runs there, as behind a router that lets nobody in. */
  z.object({ kind: z.literal("agent") }),
  z.object({
    kind: z.literal("ssh"),
    alias: z.string(),
    port: z.number().int().min(1).max(65535).nullable(),
    user: z.string().nullable(),
    identityFile: z.string().nullable(),
    /** Pinned fingerprint, `SHA256:…`, or null: then known_hosts decides. */
    hostKey: z.string().nullable(),
  }),
]);
export type Connection = z.infer<typeof connectionSchema>;

/** Whether a host answers. Offline is a normal state. */
export const hostStatusSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("never") }),
  z.object({ kind: z.literal("online"), lastSeenAtMs: z.number() }),
  z.object({ kind: z.literal("late"), lastSeenAtMs: z.number(), silentMs: z.number() }),
  z.object({ kind: z.literal("offline"), lastSeenAtMs: z.number(), silentMs: z.number() }),
  z.object({
    kind: z.literal("unreachable"),
    sinceMs: z.number(),
    code: z.string(),
    reason: z.string(),
    lastSeenAtMs: z.number().nullable(),
  }),
  z.object({ kind: z.literal("needs-login"), sinceMs: z.number(), reason: z.string() }),
]);
export type HostStatus = z.infer<typeof hostStatusSchema>;

/** The agent of a host, while it is connected. */
export const agentRecordSchema = z.object({
  version: z.string(),
  /** As Node names them: `linux`, `x64`. */
  platform: z.string(),
  arch: z.string(),
  /** Service clock, since when it is connected. */
  sinceMs: z.number().int(),
});
export type AgentRecord = z.infer<typeof agentRecordSchema>;

/** A host as every screen and script sees it. */
export const hostRecordSchema = z.object({
  id: hostIdSchema,
  name: hostNameSchema,
  connection: connectionSchema,
  /** Null: none is connected. */
  agent: agentRecordSchema.nullable(),
  status: hostStatusSchema,
  /** What it costs, in millionths of a dollar per hour; null when nobody said. */
  rateMicroUsdPerHour: z.number().int().nonnegative().nullable(),
  /** Interpreter used for `.py` on this host unless a dispatch names one; null: found on the host. */
  python: z.string().nullable(),
  /** `off`: the host is never probed. */
  probe: z.enum(["on", "off"]),
  addedAtMs: z.number().int(),
  gpus: z.array(gpuReadingSchema),
  /** Newest reading; null when there was none since the service started. */
  reading: hostReadingSchema.nullable(),
  activeJobs: z.number().int(),
  revision: z.number().int(),
});
export type HostRecord = z.infer<typeof hostRecordSchema>;
