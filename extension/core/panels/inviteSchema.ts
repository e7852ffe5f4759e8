import * as z from "zod";
import { bannerSchema } from "./panelSchema.ts";

/** The forms of a link that can be copied. */
export const linkForms = ["link", "editorLink", "command"] as const;
export type LinkForm = (typeof linkForms)[number];

/** Everything the panel of a join link shows. */
export const inviteModelSchema = z.object({
  banner: bannerSchema.nullable(),
  title: z.string(),
  state: z.enum(["open", "used", "ran-out", "withdrawn"]),
  /** What became of the link; of an open one, what it is and does. */
  says: z.string(),
  /** The link in each form; null once it opens nothing. */
  forms: z.record(z.enum(linkForms), z.string()).nullable(),
  qr: z.object({ size: z.number(), path: z.string() }),
  endsAtMs: z.number(),
  /** That other machines cannot reach the service, and whether this editor can change that. */
  reach: z.object({ text: z.string(), canListen: z.boolean() }).nullable(),
  copied: z.enum(linkForms).nullable(),
  /** Whether the fleet can be asked for anything now. */
  canAct: z.boolean(),
});
export type InviteModel = z.infer<typeof inviteModelSchema>;

/** What the page says beside what every page says. */
export const inviteMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("copy"), form: z.enum(linkForms) }),
  z.strictObject({ kind: z.literal("withdraw") }),
  z.strictObject({ kind: z.literal("again") }),
  z.strictObject({ kind: z.literal("listen") }),
  z.strictObject({ kind: z.literal("members") }),
]);
export type InviteMessage = z.infer<typeof inviteMessageSchema>;

/** The page keeps nothing: what it shows is a secret. */
export const inviteStateSchema = z.strictObject({});
