import * as z from "zod";
import { hostMetricsSchema } from "../../../protocol/hostMetrics.ts";
import { hostIdSchema, jobIdSchema, type HostId } from "../../../protocol/ids.ts";
import { bannerSchema, figureSchema } from "./panelSchema.ts";

/** How many minutes the charts may span. */
export const chartMinutes = [1, 5, 15] as const;
export type ChartMinutes = (typeof chartMinutes)[number];
const minutesSchema = z.union([z.literal(1), z.literal(5), z.literal(15)]);

/** A figure with a chart of its own. `top` is where its scale ends; null: where its readings do. */
const chartedFigureSchema = figureSchema.extend({ top: z.number().nullable() });
export type ChartedFigure = z.infer<typeof chartedFigureSchema>;

/** Which host of which fleet. */
export interface FleetHost {
  fleetId: string;
  hostId: HostId;
}

const hostSchema = z.object({
  name: z.string(),
  status: z.object({ text: z.string(), tone: z.enum(["good", "late", "bad", "plain"]) }),
  facts: z.array(z.object({ label: z.string(), text: z.string() })),
  /** Set when a GPU, or all of them, cannot be read. */
  problem: z.string().nullable(),
  cpu: chartedFigureSchema,
  memory: chartedFigureSchema,
  gpus: z.array(
    z.object({
      uuid: z.string(),
      title: z.string(),
      use: z.string(),
      load: chartedFigureSchema,
      memory: chartedFigureSchema,
      temperature: chartedFigureSchema,
      power: chartedFigureSchema,
    }),
  ),
});

/** Everything a host's panel shows. */
export const hostPanelModelSchema = z.object({
  fleetId: z.string(),
  hostId: hostIdSchema,
  /** Null once the host is not in the fleet, while that fleet is not shown, or not known yet. */
  host: hostSchema.nullable(),
  banner: bannerSchema.nullable(),
  minutes: minutesSchema,
  /** Readings of that many minutes up to the newest; times by the service's clock. */
  metrics: hostMetricsSchema,
  /** What the charts show in place of the newest while a person holds them still. */
  charted: z
    .object({ host: hostSchema.nullable(), minutes: minutesSchema, metrics: hostMetricsSchema })
    .nullable(),
  cost: z.object({ rate: z.string(), jobs: z.string() }),
  jobs: z.array(
    z.object({
      id: jobIdSchema,
      label: z.string(),
      outcome: z.string(),
      tone: z.enum(["pending", "good", "chosen", "bad"]),
      by: z.string(),
      when: z.string(),
      cost: figureSchema,
    }),
  ),
  events: z
    .array(
      z.object({
        seq: z.number().int(),
        when: z.string(),
        /** In words; `type` is what the ledger calls it. */
        what: z.string(),
        type: z.string(),
        tone: z.enum(["good", "bad", "warning", "plain"]),
        by: z.string(),
        /** What the words leave out; may be empty. */
        detail: z.string(),
      }),
    )
    .nullable(),
  isStale: z.boolean(),
});
export type HostPanelModel = z.infer<typeof hostPanelModelSchema>;
export type HostPanelHost = NonNullable<HostPanelModel["host"]>;

/** What a host's page says beside what every page says. */
export const hostMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("span"), minutes: minutesSchema }),
  z.strictObject({ kind: z.literal("hold"), isHeld: z.boolean() }),
  z.strictObject({ kind: z.literal("show-log"), jobId: jobIdSchema }),
]);
export type HostMessage = z.infer<typeof hostMessageSchema>;

/** What the page keeps over a reload of the window. Times in seconds, as the charts count. */
export const hostStateSchema = z.object({
  /** Null until the first model came. */
  host: z.object({ fleetId: z.string(), hostId: hostIdSchema }).nullable(),
  minutes: minutesSchema,
  isPaused: z.boolean(),
  zoom: z.object({ fromS: z.number(), toS: z.number() }).nullable(),
  scrollTop: z.number(),
});
export type HostState = z.infer<typeof hostStateSchema>;
