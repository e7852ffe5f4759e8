import * as z from "zod";
import { jobIdSchema } from "./ids.ts";
import { metricSchema } from "./metric.ts";

/** A process seen on a GPU; whose it is where the host's kernel says so to the login that reads it. */
export const gpuProcessSchema = z.object({
  pid: z.number().int(),
  name: z.string(),
  memoryBytes: metricSchema,
  /** Name of the login it belongs to; null where nobody says. */
  user: z.string().nullable(),
  /** Our job that started it; null of what others started, and where nobody says. */
  jobId: jobIdSchema.nullable(),
  /** Service clock, when it began; null where nobody says. */
  startedAtMs: z.number().int().nullable(),
});
export type GpuProcess = z.infer<typeof gpuProcessSchema>;

/** Who uses a GPU. `unknown` is not free. */
export const occupancySchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("free") }),
  z.object({ kind: z.literal("busy"), processes: z.array(gpuProcessSchema) }),
  z.object({ kind: z.literal("unknown"), reason: z.string() }),
]);
export type Occupancy = z.infer<typeof occupancySchema>;

/**
 * Whether a GPU is sound. `ok` takes a word of its driver or tool; where nothing says so it is `unknown`. Codes are stable:
 * `gpu-lost`, `requires-reset`, `no-answer`, `sensor-error`, `ecc-uncorrected`, `row-remap-failed`, `row-remap-pending`,
 * `page-retirement-pending`, `recovery-needed`.
 */
export const gpuHealthSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ok") }),
  z.object({ kind: z.literal("unknown") }),
  z.object({
    kind: z.literal("fault"),
    reasons: z.array(z.object({ code: z.string(), text: z.string() })),
  }),
]);
export type GpuHealth = z.infer<typeof gpuHealthSchema>;

/**
 * Whether a GPU is divided (NVIDIA's MIG). Nothing runs on a `divided` one as a whole: it counts for nothing beside its
 * instances, each of which is a GPU of its own.
 */
export const gpuDivisionSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("whole") }),
  z.object({ kind: z.literal("divided") }),
  /** `of`: the uuid of the GPU that it is a part of. */
  z.object({ kind: z.literal("instance"), of: z.string() }),
]);

/** One GPU at one moment. Keyed by `uuid`; the index is never a key. */
export const gpuReadingSchema = z.object({
  uuid: z.string(),
  index: z.number().int().nullable(),
  name: z.string(),
  vendor: z.enum(["nvidia", "amd", "apple", "intel"]),
  pciBusId: z.string().nullable(),
  driverVersion: z.string().nullable(),
  /** `unified`: it shares the machine's memory (GB10, Jetson, Apple). */
  memoryKind: z.enum(["dedicated", "unified"]),
  utilizationPct: metricSchema,
  memoryUsedBytes: metricSchema,
  memoryTotalBytes: metricSchema,
  temperatureC: metricSchema,
  powerW: metricSchema,
  powerLimitW: metricSchema,
  occupancy: occupancySchema,
  /** A service of before says nothing of it, nor of what holds the clocks down. */
  health: gpuHealthSchema.default({ kind: "unknown" }),
  /** What holds its clocks down now, by codes (`throttleText.ts`); idling does not. Null: not known. */
  throttle: z.array(z.string()).nullable().default(null),
  division: gpuDivisionSchema.default({ kind: "whole" }),
  /** Service clock, when this GPU's figures were read. */
  atMs: z.number().int(),
});
export type GpuReading = z.infer<typeof gpuReadingSchema>;

/** A host at one moment. */
export const hostReadingSchema = z.object({
  hostId: z.string(),
  /** Service clock. */
  atMs: z.number().int(),
  cadenceMs: z.number().int(),
  cpuPct: metricSchema,
  memoryUsedBytes: metricSchema,
  memoryTotalBytes: metricSchema,
  diskUsedBytes: metricSchema,
  diskTotalBytes: metricSchema,
  uptimeS: metricSchema,
  bootId: z.string().nullable(),
  machineId: z.string().nullable(),
  os: z.string().nullable(),
  gpus: z.array(gpuReadingSchema),
  /** Set when GPUs could not be read: what the tool said. Null when they could, or when there is no GPU tool. */
  gpuProblem: z.object({ code: z.string(), detail: z.string() }).nullable(),
  /** Bytes this probe has put on the wire since it started, for its own bill. */
  probeBytes: z.number().int(),
});
export type HostReading = z.infer<typeof hostReadingSchema>;
