/** Views and context keys of the extension. Tested against package.json. */
export const viewIds = { hosts: "hwledger.hosts", jobs: "hwledger.jobs" } as const;

/** Keys that `when` clauses of the manifest ask for. */
export const contextKeys = {
  /** `unknown` until the secret store was read, then `none` or `joined`. */
  membership: "hwledger.membership",
} as const;
