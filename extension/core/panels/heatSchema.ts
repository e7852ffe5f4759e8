import * as z from "zod";
import { hostIdSchema } from "../../../protocol/ids.ts";

/** How many hours the heat map may span. */
export const heatHours = [6, 24] as const;
export type HeatHours = (typeof heatHours)[number];
export const heatHoursSchema = z.literal(heatHours);

/** Seconds that a column of the heat map is of. */
export const heatStepS: Readonly<Record<HeatHours, number>> = { 6: 300, 24: 900 };

/** How busy GPUs were, of the hosts that can be seen just now. Times by the service's clock. */
export const heatSchema = z.object({
  hours: heatHoursSchema,
  stepS: z.number(),
  /** Where the first column begins. */
  fromMs: z.number(),
  hosts: z.array(
    z.object({
      hostId: hostIdSchema,
      /** `away`: there is nobody to ask. What was read before stays in each state. */
      state: z.enum(["loading", "failed", "away", "read"]),
      gpus: z.array(
        z.object({
          uuid: z.string(),
          /** Utilisation in percent, a column each; null where nothing was read. */
          pct: z.array(z.number().nullable()),
        }),
      ),
    }),
  ),
});
export type Heat = z.infer<typeof heatSchema>;
