import type { HostId, JobId } from "../../../protocol/ids.ts";
import type { LedgerEvent } from "../../../protocol/ledger/events.ts";
import { formatAge, formatRate } from "../figures.ts";
import type { FleetState } from "../fleetState.ts";
import { emptyLedger, ledgerRows } from "../ledgerRows.ts";
import { printable } from "../printable.ts";
import type { HostPanelModel } from "./hostSchema.ts";
import { ledgerWords } from "../words/ledgerWords.ts";

/** How many of a host's events are shown. */
export const shownEvents = 12;

/** Whose events are wanted: those of a host, of the jobs known to be on it, and of those that the events place there. */
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
  const placed = events
    .filter(({ payload }) => payload["hostId"] === hostId)
    .map(({ payload }) => payload["jobId"]);
  const ours = new Set<unknown>([...jobIds, ...placed]);
  ours.delete(undefined);
  const bySeq = new Map<number, LedgerEvent>();
  for (const event of events) {
    const { payload } = event;
    const isOurs = payload["hostId"] === hostId || payload["host"] === name || ours.has(payload["jobId"]);
    if (isOurs) bySeq.set(event.seq, event);
  }
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, shownEvents);
}

type EventLine = NonNullable<HostPanelModel["events"]>[number];

/** What the colours of the Ledger view's icons mean; grey ones mean nothing more. */
const tones: Readonly<Record<string, EventLine["tone"]>> = {
  "list.errorForeground": "bad",
  "list.warningForeground": "warning",
  "charts.green": "good",
};

/** Events as a panel lists them: told in the Ledger view's words, marked by what its icons mean. */
export function eventLines(events: readonly LedgerEvent[], fleet: FleetState, nowMs: number): EventLine[] {
  const told = ledgerRows({ ...emptyLedger, events }, fleet, { kind: "live" }, nowMs);
  const rows = new Map(told.map((row) => [row.id, row]));
  return events.map((event) => {
    const row = rows.get(`event:${event.seq}`);
    return {
      seq: event.seq,
      when: `${formatAge(nowMs - event.atMs)} ago`,
      what: row?.label ?? printable(event.type),
      type: printable(event.type),
      tone: tones[row?.icon?.color ?? ""] ?? "plain",
      by: printable(event.actor.replace(/^user\//, "")),
      detail: printable(detailOf(event, row?.label)),
    };
  });
}

/** The facts that an event's words leave out; of one that has no words all, as they stand in the ledger. */
function detailOf({ type, payload }: LedgerEvent, words: string | undefined): string {
  const { rateMicroUsdPerHour: rate, probe, fingerprint } = payload;
  if (words === printable(type)) return JSON.stringify(payload);
  if (typeof fingerprint === "string") return fingerprint;
  if (type !== "host.added" && type !== "host.changed") return "";
  return (
    (typeof rate === "number" ? formatRate(rate) : ledgerWords.noRate) +
    (probe === "off" ? ledgerWords.notProbed : "")
  );
}
