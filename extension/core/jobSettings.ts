import * as z from "zod";
import type { JobRecord } from "../../protocol/job.ts";

/** Names of the settings about jobs. Tested against package.json. */
export const jobSettingIds = {
  groupBy: "hwledger.jobs.groupBy",
  notify: "hwledger.notifyWhenJobEnds",
} as const;

/** How the Jobs view groups its rows. */
export const jobGroupings = ["state", "host"] as const;
export type JobGrouping = (typeof jobGroupings)[number];

/** When a person is told that a job ended. `whenNotVisible`: see `isEndTold`. */
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

/** Who has waited longer than this is told in any case: the panel with the log may be closed, which VS Code does not say. */
const shortMs = 60_000;

/** Whether a person is told of a job's end. `isInFront`: its terminal is the one that is active, in a window with the focus. */
export function isEndTold(
  setting: EndNotice,
  job: Pick<JobRecord, "createdAtMs" | "endedAtMs">,
  isInFront: boolean,
): boolean {
  switch (setting) {
    case "always":
      return true;
    case "whenNotVisible":
      return !isInFront || (job.endedAtMs ?? job.createdAtMs) - job.createdAtMs > shortMs;
    case "never":
      return false;
  }
}
