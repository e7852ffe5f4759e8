/** What people answered and what proved right, in memory only, as long as the service runs. */
export interface LoginSecrets {
  passphrases: Map<string, string>;
  /** By `user@host:port`. */
  passwords: Map<string, string>;
  /** Accepted fingerprints of jump hosts, by host and jump host. */
  jumpHostKeys: Map<string, string>;
}

/** An empty memory for secrets. */
export function createLoginSecrets(): LoginSecrets {
  return { passphrases: new Map(), passwords: new Map(), jumpHostKeys: new Map() };
}
