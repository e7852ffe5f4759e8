import * as z from "zod";

/** Why a figure is not there. `not-supported`: this device has none; `error`: the tool failed to read it now;
 * `fault`: the device is broken; `denied`: this login may not read it; `unknown-field`: the tool does not know it;
 * `not-measured`: nothing read it yet; `unified`: the device shares the machine's memory. */
export const unsupportedReasons = [
  "not-supported",
  "error",
  "fault",
  "denied",
  "unknown-field",
  "not-measured",
  "unified",
] as const;
export type UnsupportedReason = (typeof unsupportedReasons)[number];

/** A reading that is either a figure or the reason why there is none. Never 0 for "not measured". */
export type Metric = { value: number } | { unsupported: UnsupportedReason };

export const metricSchema = z.union([
  z.object({ value: z.number() }),
  z.object({ unsupported: z.enum(unsupportedReasons) }),
]);

/** The figure, or null when there is none. */
export function metricValue(metric: Metric): number | null {
  return "value" in metric ? metric.value : null;
}
