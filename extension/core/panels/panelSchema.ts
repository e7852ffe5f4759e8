import * as z from "zod";

/** What a banner's button may run: names in `commandIds`. */
const bannerCommands = z.enum([
  "join",
  "renew",
  "startService",
  "startOwnService",
  "restartService",
  "reconnect",
  "addHost",
  "switchFleet",
]);

/** What stands above a panel when it does not say it all. */
export const bannerSchema = z.object({
  tone: z.enum(["info", "warning"]),
  text: z.string(),
  /** When what the page shows was so, in a sentence. It goes on by itself, so it is not read out as news. */
  age: z.string().optional(),
  /** Buttons, by what they do; the first is the one that most people want. */
  actions: z.array(z.object({ label: z.string(), run: bannerCommands })),
});
export type Banner = z.infer<typeof bannerSchema>;

/** What every page says: it has loaded and knows nothing yet; a button of the banner was pressed. */
export const commonMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ready") }),
  z.strictObject({ kind: z.literal("run"), run: bannerCommands }),
]);
export type CommonMessage = z.infer<typeof commonMessageSchema>;

/** What every page is told: its whole model, newest. */
export const modelMessageSchema = z.object({ kind: z.literal("model"), model: z.unknown() });

/** A figure as it is shown. `value` is null when there is none; `hint` then says why, else what the text leaves out. */
export const figureSchema = z.object({
  text: z.string(),
  value: z.number().nullable(),
  hint: z.string().nullable(),
});
export type Figure = z.infer<typeof figureSchema>;
