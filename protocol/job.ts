import * as z from "zod";
import { hostIdSchema, jobIdSchema } from "./ids.ts";

export const jobStates = [
  "queued",
  "placed",
  "syncing",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "timed-out",
  "lost",
] as const;
export type JobState = (typeof jobStates)[number];

/** Legal transitions; a state without any is an end. */
export const jobTransitions: Record<JobState, readonly JobState[]> = {
  queued: ["placed", "failed", "cancelled"],
  placed: ["syncing", "failed", "cancelled"],
  syncing: ["running", "failed", "cancelled", "lost"],
  running: ["succeeded", "failed", "cancelled", "timed-out", "lost"],
  succeeded: [],
  failed: [],
  cancelled: [],
  "timed-out": [],
  lost: [],
};

/** Whether a job in this state has ended for good. */
export function isJobEnded(state: JobState): boolean {
  return jobTransitions[state].length === 0;
}

/** Why a job ended, by evidence. */
export const jobCauseSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("exited"), code: z.number().int() }),
  /** The shell says the same for `exit 137` and for SIGKILL: without further evidence both are said. */
  z.object({ kind: z.literal("exited-or-killed"), code: z.number().int(), signal: z.string() }),
  z.object({ kind: z.literal("cancelled"), by: z.string() }),
  z.object({ kind: z.literal("time-limit"), limitMs: z.number().int() }),
  /** It never ran: the problem says why and what to do. */
  z.object({ kind: z.literal("not-started"), code: z.string(), title: z.string(), detail: z.string() }),
  z.object({ kind: z.literal("reboot") }),
  z.object({ kind: z.literal("lost"), detail: z.string() }),
]);
export type JobCause = z.infer<typeof jobCauseSchema>;

/** Whether the service hears from the job's host. The state is what was last known for sure. */
export const jobContactSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ok") }),
  z.object({ kind: z.literal("lost"), sinceMs: z.number(), atByte: z.number().int(), reason: z.string() }),
]);

/** Why the service cannot keep what comes of a log at present, though its host is well; it goes on at that byte. */
export const logStallSchema = z.object({ sinceMs: z.number(), atByte: z.number().int(), reason: z.string() });

/** Text that a process can be given and the ledger can hold: no NUL, no half of a surrogate pair. */
const processText = z
  .string()
  .refine((text) => !text.includes("\0") && text.isWellFormed(), "text without NUL and broken characters");

/** Most arguments of a job. */
export const mostArguments = 10_000;

/** What to run and how. `script` is a path inside the workspace, with `/`; the job runs in its folder's copy. */
export const jobSpecSchema = z.strictObject({
  script: processText
    .min(1)
    .max(4096)
    .refine((path) => !/^\/|(^|\/)\.\.?(\/|$)|\/$/.test(path), "a path inside the workspace"),
  args: z.array(processText.max(131_072)).max(mostArguments),
  /** Argument vector before the script, from its file ending or first line; see `launchOf`. */
  launch: z.discriminatedUnion("kind", [
    /** The first of these found on the host runs the script, with `flags` before it. */
    z.strictObject({
      kind: z.literal("named"),
      candidates: z.array(processText.min(1).max(4096)).min(1).max(8),
      flags: z.array(processText.max(4096)).max(8),
      language: z.string().max(100),
    }),
    /** Exactly this program, an absolute or home-relative path on the host, called directly. */
    z.strictObject({
      kind: z.literal("path"),
      path: processText.min(1).max(4096),
      flags: z.array(processText.max(4096)).max(8),
    }),
  ]),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), processText.max(131_072)),
  timeoutMs: z.number().int().positive().max(31_536_000_000).nullable(),
});
export type JobSpec = z.infer<typeof jobSpecSchema>;

/** A job as every screen and script sees it. Environment values are never part of it. */
export const jobRecordSchema = z.object({
  id: jobIdSchema,
  state: z.enum(jobStates),
  hostId: hostIdSchema,
  host: z.string(),
  script: z.string(),
  args: z.array(z.string()),
  envNames: z.array(z.string()),
  /** Program that runs the script, as found on the host; null until it started. */
  interpreter: z.string().nullable(),
  /** Folder on the host the job runs in; null until it started. */
  directory: z.string().nullable(),
  timeoutMs: z.number().int().nullable(),
  createdBy: z.string(),
  createdAtMs: z.number().int(),
  startedAtMs: z.number().int().nullable(),
  /** By the time its host measured from the start; where the host cannot say, when the service learned of the end. */
  endedAtMs: z.number().int().nullable(),
  exitCode: z.number().int().nullable(),
  cause: jobCauseSchema.nullable(),
  /** Bytes of its log that the service holds. */
  logBytes: z.number().int(),
  /** Whether it has ended and every byte of its log is held. */
  logComplete: z.boolean(),
  /** SHA-256 of the whole log, in hex, once complete. */
  logSha256: z.string().nullable(),
  archiveBytes: z.number().int(),
  cancelRequestedBy: z.string().nullable(),
  contact: jobContactSchema,
  logStall: logStallSchema.nullish(),
  revision: z.number().int(),
});
export type JobRecord = z.infer<typeof jobRecordSchema>;
