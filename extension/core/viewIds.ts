/** Views and context keys of the extension. Tested against package.json. */
export const viewIds = {
  hosts: "hwledger.hosts",
  jobs: "hwledger.jobs",
  ledger: "hwledger.ledger",
} as const;

/** Keys that `when` clauses of the manifest ask for. */
export const contextKeys = {
  /** `unknown` until the secret store was read, then `none` or `joined`, or `unreadable`. */
  membership: "hwledger.membership",
  /** How we stand with the service of the fleet that is shown: `none`, `connecting`, `live`, `lost` or `refused`. */
  contact: "hwledger.contact",
  /** Whether that service runs on this machine and was started from the editor. */
  isLocal: "hwledger.isLocal",
  /** What this member may do in the fleet that is shown: its role, or `none` without a fleet. See `commandRoles.ts`. */
  role: "hwledger.role",
  /** Whether this editor belongs to several fleets. */
  hasSeveral: "hwledger.hasSeveral",
  /** Whether the fleet has a host besides the service's own machine. */
  hasHosts: "hwledger.hasHosts",
  /** Whether anything of this member ran in the fleet, or runs. */
  hasJobs: "hwledger.hasJobs",
  /** Whether a filter keeps rows out of the Hosts view. */
  hostsFiltered: "hwledger.hostsFiltered",
  /** Whether the whole chain of the ledger was recomputed in this window, and holds. */
  ledgerVerified: "hwledger.ledgerVerified",
  /** Whether a filter keeps rows out of the Ledger view. */
  ledgerFiltered: "hwledger.ledgerFiltered",
} as const;
