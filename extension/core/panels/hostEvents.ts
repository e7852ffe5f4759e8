import type { HostId, JobId } from "../../../protocol/ids.ts";
import type { LedgerEvent } from "../../../protocol/ledger/events.ts";
import { formatRate } from "../figures.ts";
import { printable } from "../printable.ts";

/** How many of a host's events are shown. */
export const shownEvents = 12;

/** Whose events are wanted: those of a host, and of the jobs known to be on it. */
export interface EventsOf {
  hostId: HostId;
  name: string;
  jobIds: ReadonlySet<JobId>;
}

/** The newest of these events that tell of the host or of a job on it, newest first, none twice. */
export function hostEvents(
  events: readonly LedgerEvent[],
  { hostId, name, jobIds }: EventsOf,
): LedgerEvent[] {
  const bySeq = new Map<number, LedgerEvent>();
  for (const event of events) {
    const { payload } = event;
    const isOurs =
      payload["hostId"] === hostId ||
      payload["host"] === name ||
      (typeof payload["jobId"] === "string" && jobIds.has(payload["jobId"] as JobId));
    if (isOurs) bySeq.set(event.seq, event);
  }
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, shownEvents);
}

/** An event's facts in a few words. `labelOf` names a job; what is not known here shows as it stands in the ledger. */
export function eventDetail(
  { type, payload }: Pick<LedgerEvent, "type" | "payload">,
  labelOf: (jobId: string) => string | null,
): string {
  return printable(wordsOf(type, payload, labelOf).filter(Boolean).join(", "));
}

function wordsOf(
  type: string,
  payload: LedgerEvent["payload"],
  labelOf: (jobId: string) => string | null,
): string[] {
  const { jobId, rateMicroUsdPerHour: rate, probe, fingerprint, exitCode } = payload;
  const rateText = typeof rate === "number" ? formatRate(rate) : "no rate";
  if (typeof jobId === "string")
    return [labelOf(jobId) ?? jobId, typeof exitCode === "number" ? `exit ${exitCode}` : ""];
  if (type === "host.changed") return [rateText, probe === "off" ? "not probed" : ""];
  if (type === "host.added") return [rateText];
  if (typeof fingerprint === "string") return [fingerprint];
  return [JSON.stringify(payload)];
}
