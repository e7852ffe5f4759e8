import * as z from "zod";
import { caBundleSchema } from "../ca.ts";
import { comebackCodeSchema, memberRecordSchema } from "../member.ts";
import { admins, memberParams, none, route } from "./routeParts.ts";

/** The fleet's certificate authorities, and members who slept for too long. */
export const caRoutes = {
  getCaBundle: route({
    method: "GET",
    path: "/v1/ca",
    summary:
      "The certificate authorities to trust. Takes a member's bundle token as bearer, also where its certificate has run out",
    access: "bearer",
    params: none,
    query: z.strictObject({
      /**
       * Fingerprints of the authorities that the member trusts now, with commas between them. Noted only where the member
       * shows a certificate in force.
       */
      trusts: z
        .string()
        .regex(/^[0-9a-f]{64}(,[0-9a-f]{64}){0,9}$/)
        .optional(),
    }),
    body: null,
    status: 200,
    answer: caBundleSchema,
  }),
  rotateCa: route({
    method: "POST",
    path: "/v1/ca/rotate",
    summary:
      "Make the next certificate authority now. It signs once members have fetched it, or with `sign: now` at once: it is cross-signed, so nobody is cut off",
    access: admins,
    params: none,
    query: none,
    body: z.strictObject({
      sign: z.enum(["when-known", "now"]).default("when-known"),
      /** Also where members would be cut off who trust none of the last four authorities. */
      force: z.boolean().default(false),
    }),
    status: 202,
    answer: caBundleSchema,
  }),
  approveMember: route({
    method: "POST",
    path: "/v1/members/{member}/approve",
    summary: "Let a member back in that asks for it because its certificate has run out",
    access: admins,
    params: memberParams,
    query: none,
    /** The code that whoever asks was shown: only the key that has it is let in. */
    body: z.strictObject({ code: comebackCodeSchema }),
    status: 200,
    answer: memberRecordSchema,
  }),
} as const;
