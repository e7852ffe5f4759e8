import * as z from "zod";
import { hostMetricsSchema } from "../../../protocol/hostMetrics.ts";
import { hostIdSchema, jobIdSchema, type HostId } from "../../../protocol/ids.ts";
import { bannerSchema, figureSchema } from "./panelSchema.ts";

/** How many minutes the charts may span while they follow what is read. */
const liveMinutes = [1, 5, 15] as const;
/** The longer spans, of which the service keeps steps: 6 and 24 hours, 7 and 30 days, a year. */
const pastMinutes = [360, 1_440, 10_080, 43_200, 525_600] as const;
/** How many minutes the charts may span. */
export const chartMinutes = [...liveMinutes, ...pastMinutes] as const;
export type ChartMinutes = (typeof chartMinutes)[number];
export type PastMinutes = (typeof pastMinutes)[number];
const minutesSchema = z.literal(chartMinutes);

/** The span, where it is one of which the service is asked for steps; null where the charts are live. */
export function pastSpan(minutes: ChartMinutes): PastMinutes | null {
  return pastMinutes.find((one) => one === minutes) ?? null;
}

/** A picture of some 200 GPUs' charts has a fifth of that. */
const mostPngCharacters = 24_000_000;

const timeS = z.number().nonnegative().max(8.64e12);
/** A part of a chart's time that a person has zoomed in on, in seconds, as the charts count. */
const zoomSchema = z.object({ fromS: timeS, toS: timeS }).nullable();
export type ChartZoom = z.infer<typeof zoomSchema>;

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

/** A span of hours or more, and how asking for it stands. Times by the service's clock. */
const pastSchema = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  /** Seconds from point to point; null for readings as they came. */
  stepS: z.number().nullable(),
  /** `away`: there is nobody to ask. What was read before stays in the metrics in each state. */
  state: z.enum(["loading", "failed", "away", "read"]),
});

/** Everything a host's panel shows. */
export const hostPanelModelSchema = z.object({
  fleetId: z.string(),
  hostId: hostIdSchema,
  /** Null once the host is not in the fleet, while that fleet is not shown, or not known yet. */
  host: hostSchema.nullable(),
  banner: bannerSchema.nullable(),
  minutes: minutesSchema,
  /** Readings of that many minutes up to the newest, or steps of `past`; times by the service's clock. */
  metrics: hostMetricsSchema,
  /** Null while the charts are live. */
  past: pastSchema.nullable(),
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
  z.strictObject({ kind: z.literal("hold"), isHeld: z.boolean(), zoom: zoomSchema }),
  /** Asks once more for what could not be read. */
  z.strictObject({ kind: z.literal("retry") }),
  /** Asks to save what is shown from one time to another: its figures, or a picture of its charts, as base64. */
  z.strictObject({ kind: z.literal("save-csv"), fromS: timeS, toS: timeS }),
  z.strictObject({
    kind: z.literal("save-png"),
    fromS: timeS,
    toS: timeS,
    png: z
      .string()
      .max(mostPngCharacters)
      .regex(/^[A-Za-z0-9+/]+={0,2}$/),
  }),
  z.strictObject({ kind: z.literal("show-log"), jobId: jobIdSchema }),
]);
export type HostMessage = z.infer<typeof hostMessageSchema>;

/** What the page keeps over a reload of the window. Times in seconds, as the charts count. */
export const hostStateSchema = z.object({
  /** Null until the first model came. */
  host: z.object({ fleetId: z.string(), hostId: hostIdSchema }).nullable(),
  minutes: minutesSchema,
  isPaused: z.boolean(),
  zoom: zoomSchema,
  scrollTop: z.number(),
});
export type HostState = z.infer<typeof hostStateSchema>;
