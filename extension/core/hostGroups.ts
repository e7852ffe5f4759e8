import type { Contact } from "./contact.ts";
import type { KnownHost } from "./fleetState.ts";
import type { HostGrouping } from "./settings.ts";
import { hostWords } from "./words/hostWords.ts";

/** A group of the Hosts view; groups stand in the order of `rank`. */
export interface HostGroup {
  key: string;
  label: string;
  rank: number;
}

const labels = hostWords.groups;
const online: HostGroup = { key: "online", label: labels.online, rank: 0 };
const attention: HostGroup = { key: "attention", label: labels.attention, rank: 1 };
const away: HostGroup = { key: "away", label: labels.away, rank: 2 };
const unknown: HostGroup = { key: "unknown", label: labels.unknown, rank: 3 };
const thisMachine: HostGroup = { key: "local", label: labels.thisMachine, rank: 0 };
const overSsh: HostGroup = { key: "ssh", label: labels.overSsh, rank: 1 };
const byAgent: HostGroup = { key: "agent", label: labels.byAgent, rank: 2 };

/** The group that a host belongs to; null when nothing is grouped. */
export function hostGroup(host: KnownHost, contact: Contact, by: HostGrouping): HostGroup | null {
  switch (by) {
    case "none":
      return null;
    case "source":
      return { local: thisMachine, ssh: overSsh, agent: byAgent }[host.record.connection.kind];
    case "status":
      return contact.kind === "live" ? statusGroup(host) : unknown;
  }
}

function statusGroup({ record }: KnownHost): HostGroup {
  switch (record.status.kind) {
    case "online":
      return online;
    case "unreachable":
    case "needs-login":
      return attention;
    case "late":
    case "offline":
    case "never":
      return away;
  }
}
