import * as z from "zod";

/** Names of the settings about jobs. Tested against package.json. */
export const jobSettingIds = {
  groupBy: "hwledger.jobs.groupBy",
  notify: "hwledger.notifyWhenJobEnds",
} as const;

/** How the Jobs view groups its rows. */
export const jobGroupings = ["state", "host"] as const;
export type JobGrouping = (typeof jobGroupings)[number];

/** When a person is told that a job ended. `whenNotVisible`: unless its log is in front of them. */
export const endNotices = ["always", "whenNotVisible", "never"] as const;
export type EndNotice = (typeof endNotices)[number];

/** The setting's value; its default where somebody wrote anything else. */
export function jobGrouping(value: unknown): JobGrouping {
  return z.enum(jobGroupings).catch("state").parse(value);
}

/** The setting's value; its default where somebody wrote anything else. */
export function endNotice(value: unknown): EndNotice {
  return z.enum(endNotices).catch("whenNotVisible").parse(value);
}
