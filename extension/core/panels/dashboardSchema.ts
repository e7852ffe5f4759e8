import * as z from "zod";
import { hostIdSchema } from "../../../protocol/ids.ts";
import { heatHoursSchema, heatSchema } from "./heatSchema.ts";
import { bannerSchema, figureSchema } from "./panelSchema.ts";

/** The dashboard's columns, in their order; `load` is a GPU's utilisation. */
export const dashboardColumns = [
  "host",
  "gpu",
  "load",
  "memory",
  "temperature",
  "power",
  "use",
  "rate",
] as const;
export type DashboardColumn = (typeof dashboardColumns)[number];

/** One GPU, or a line about a host that has none to show. */
export const dashboardRowSchema = z.object({
  /** Stable over the life of what it shows. */
  id: z.string(),
  hostId: hostIdSchema,
  host: z.string(),
  /** Beside the host's name: its jobs, its age. */
  hostNote: z.string(),
  gpu: z.string(),
  /** Instead of figures: why there are none. */
  note: z.object({ text: z.string(), tone: z.enum(["plain", "warning"]) }).nullable(),
  load: figureSchema,
  /** `value` is the part in use, in percent. */
  memory: figureSchema,
  temperature: figureSchema,
  power: figureSchema,
  /** `value` orders: free, busy, unknown. */
  use: figureSchema.extend({ kind: z.enum(["free", "busy", "unknown", "none"]) }),
  rate: figureSchema,
  /** Drawn greyed: what it says may no longer be so. */
  isStale: z.boolean(),
});
export type DashboardRow = z.infer<typeof dashboardRowSchema>;

/** Everything the dashboard shows. */
export const dashboardModelSchema = z.object({
  banner: bannerSchema.nullable(),
  summary: z.array(z.object({ label: z.string(), text: z.string(), note: z.string() })),
  rows: z.array(dashboardRowSchema),
  /** Null while the heat map is not shown. */
  heat: heatSchema.nullable(),
  isStale: z.boolean(),
});
export type DashboardModel = z.infer<typeof dashboardModelSchema>;

/** What the dashboard's page says beside what every page says. */
export const dashboardMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("open-host"), hostId: hostIdSchema }),
  /** The heat map over so many hours is shown; null: the table. */
  z.strictObject({ kind: z.literal("heat"), hours: heatHoursSchema.nullable() }),
  /** The hosts whose rows can be seen just now. */
  z.strictObject({ kind: z.literal("in-sight"), hostIds: z.array(hostIdSchema).max(10_000) }),
]);
export type DashboardMessage = z.infer<typeof dashboardMessageSchema>;

/** What the page keeps over a reload of the window. */
export const dashboardStateSchema = z.object({
  sort: z.object({ column: z.enum(dashboardColumns), isDescending: z.boolean() }),
  filter: z.string(),
  /** Hours of the heat map; null where the table is shown, also in what was kept before there was one. */
  heat: heatHoursSchema.nullable().default(null),
  scrollTop: z.number(),
});
export type DashboardState = z.infer<typeof dashboardStateSchema>;
