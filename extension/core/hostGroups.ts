import type { Contact } from "./contact.ts";
import type { KnownHost } from "./fleetState.ts";
import type { HostGrouping } from "./settings.ts";

/** A group of the Hosts view; groups stand in the order of `rank`. */
export interface HostGroup {
  key: string;
  label: string;
  rank: number;
}

const online: HostGroup = { key: "online", label: "Online", rank: 0 };
const attention: HostGroup = { key: "attention", label: "Need attention", rank: 1 };
const away: HostGroup = { key: "away", label: "Not there", rank: 2 };
const unknown: HostGroup = { key: "unknown", label: "Not known without the service", rank: 3 };
const thisMachine: HostGroup = { key: "local", label: "The service's machine", rank: 0 };
const overSsh: HostGroup = { key: "ssh", label: "By SSH", rank: 1 };

/** The group that a host belongs to; null when nothing is grouped. */
export function hostGroup(host: KnownHost, contact: Contact, by: HostGrouping): HostGroup | null {
  switch (by) {
    case "none":
      return null;
    case "source":
      return host.record.connection.kind === "local" ? thisMachine : overSsh;
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
