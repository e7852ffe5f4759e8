import type { HostId, JobId } from "../../protocol/ids.ts";
import type { LedgerEvent, LedgerVerdict } from "../../protocol/ledger/events.ts";
import type { Contact } from "./contact.ts";
import { eventText, type EventNames } from "./eventText.ts";
import { formatAge } from "./figures.ts";
import type { FleetState } from "./fleetState.ts";
import { jobLabel } from "./jobText.ts";
import { printable } from "./printable.ts";
import type { RowIcon, TreeRow } from "./treeRow.ts";
import { ledgerWords } from "./words/ledgerWords.ts";

/** What is known of the chain's soundness. */
export type Verification =
  | { kind: "none" }
  | { kind: "running"; before?: Extract<Verification, { kind: "done" }> }
  | { kind: "done"; atMs: number; verdict: LedgerVerdict }
  | { kind: "failed"; atMs: number; reason: string };

/** What the Ledger view shows. */
export interface LedgerState {
  /** The filter that the events passed; empty: none. */
  filter: string;
  /** Newest first. */
  events: readonly LedgerEvent[];
  /** Whether older ones are to be had. */
  hasOlder: boolean;
  /** Number of events in the whole ledger, as far as known. */
  total: number;
  verification: Verification;
}

export const emptyLedger: LedgerState = {
  filter: "",
  events: [],
  hasOlder: false,
  total: 0,
  verification: { kind: "none" },
};

/** Ids of the rows that are no events. */
export const ledgerRowIds = { verification: "verification", older: "older", none: "none" } as const;

const grey = "disabledForeground";

/** Rows of the Ledger view: how the chain stands, the events newest first, the way to older ones. */
export function ledgerRows(
  ledger: LedgerState,
  fleet: FleetState,
  contact: Contact,
  nowMs: number,
): TreeRow[] {
  const isStale = contact.kind !== "live";
  const rows = [
    verificationRow(ledger, nowMs),
    ...(ledger.filter !== "" && ledger.events.length === 0 ? [noneRow(ledger.filter)] : []),
    ...ledger.events.map((event) => eventRow(event, fleet, nowMs)),
    ...(ledger.hasOlder ? [olderRow] : []),
  ];
  if (!isStale) return rows;
  return rows.map((row) => ({ ...row, isStale, icon: row.icon && { ...row.icon, color: grey } }));
}

/** Whether the chain was found to be broken. */
export function isBroken({ verification }: LedgerState): boolean {
  return verification.kind === "done" && !verification.verdict.ok;
}

/** Whether the whole chain was found to hold. */
export function isVerified({ verification }: LedgerState): boolean {
  return verification.kind === "done" && verification.verdict.ok;
}

function verificationRow(ledger: LedgerState, nowMs: number): TreeRow {
  const { label, description, icon } = verificationText(ledger, nowMs);
  return {
    ...bare,
    id: ledgerRowIds.verification,
    label,
    description,
    icon,
    contextValue: "hwledger.verification",
    accessibilityLabel: `${label}, ${description}`,
  };
}

function verificationText(
  { verification, total }: LedgerState,
  nowMs: number,
): { label: string; description: string; icon: RowIcon } {
  const say = ledgerWords.chain;
  switch (verification.kind) {
    case "none":
      return {
        label: say.notYet,
        description: say.clickToVerify,
        icon: { codicon: "shield", color: null },
      };
    case "running":
      return { label: say.verifying, description: "", icon: { codicon: "sync~spin", color: null } };
    case "failed": {
      const description = `${formatAge(nowMs - verification.atMs)} ago: ${printable(verification.reason)}`;
      return {
        label: say.failed,
        description,
        icon: { codicon: "warning", color: "list.warningForeground" },
      };
    }
    case "done": {
      const { verdict, atMs } = verification;
      const age = `${formatAge(nowMs - atMs)} ago`;
      if (!verdict.ok)
        return {
          label: say.broken(verdict.firstBad?.seq ?? "?"),
          description: `${age}: ${printable(verdict.firstBad?.reason ?? say.doesNotHold)}`,
          icon: { codicon: "error", color: "list.errorForeground" },
        };
      const since = Math.max(0, total - verdict.events);
      const fresh = since === 0 ? [] : [say.since(since)];
      return {
        label: say.verified,
        description: [age, say.events(verdict.events), ...fresh].join(" · "),
        icon: { codicon: "verified-filled", color: "charts.green" },
      };
    }
  }
}

/** Names for the ids in events, as far as the fleet still knows them. */
export function eventNames(fleet: FleetState): EventNames {
  return {
    host: (id) => fleet.hosts.get(id as HostId)?.record.name ?? id,
    job(id) {
      const job = fleet.jobs.get(id as JobId);
      return job ? jobLabel(job) : id;
    },
  };
}

function eventRow(event: LedgerEvent, fleet: FleetState, nowMs: number): TreeRow {
  const label = eventText(event, eventNames(fleet));
  const description = `${formatAge(Math.max(0, nowMs - event.atMs))} ago · ${printable(event.actor)}`;
  return {
    ...bare,
    id: `event:${event.seq}`,
    label,
    description,
    icon: eventIcon(event.type),
    contextValue: "hwledger.event",
    accessibilityLabel: ledgerWords.eventSpoken(event.seq, label, description),
  };
}

function eventIcon(type: string): RowIcon {
  const [subject = ""] = type.split(".", 1);
  if (/^job\.(failed|lost|timed-out)$/.test(type)) return { codicon: "error", color: "list.errorForeground" };
  if (type === "job.succeeded") return { codicon: "pass", color: "charts.green" };
  if (type === "host.key-refused") return { codicon: "warning", color: "list.warningForeground" };
  const icons: Record<string, string> = { job: "run", host: "vm", member: "person", token: "link" };
  return { codicon: icons[subject] ?? "note", color: grey };
}

const bare = { parentId: null, kind: "event", hostId: null, isStale: false, fold: "leaf" } as const;

/** What stands in place of events where none passes the filter. */
function noneRow(filter: string): TreeRow {
  const label = ledgerWords.noneHas(printable(filter));
  return {
    ...bare,
    id: ledgerRowIds.none,
    label,
    description: "",
    icon: { codicon: "filter", color: null },
    contextValue: "hwledger.none",
    accessibilityLabel: label,
  };
}

const olderRow: TreeRow = {
  ...bare,
  id: ledgerRowIds.older,
  label: ledgerWords.older,
  description: "",
  icon: { codicon: "chevron-down", color: null },
  contextValue: "hwledger.older",
  accessibilityLabel: ledgerWords.olderSpoken,
};
