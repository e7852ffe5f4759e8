/** How often addresses have failed of late. */
export interface FailureCounts {
  /** One more failure of this address. */
  note(address: string): void;
  /** How long the address has to wait, in milliseconds; 0 when it has not failed too often. */
  waitMs(address: string): number;
}

const windowMs = 60_000;

/**
 * Counts failures in windows of a minute that begin with an address's first one. It remembers `capacity` addresses; of
 * more it forgets those whose minute began first.
 */
export function createFailureCounts(needs: {
  perMinute: number;
  capacity: number;
  /** A clock that nobody sets. */
  nowMs: () => number;
}): FailureCounts {
  const counts = new Map<string, { failures: number; endsAtMs: number }>();

  function current(address: string): { failures: number; endsAtMs: number } | undefined {
    const count = counts.get(address);
    return count && count.endsAtMs > needs.nowMs() ? count : undefined;
  }

  return {
    note(address) {
      const count = current(address);
      if (count) return void (count.failures += 1);
      counts.delete(address); // so that it comes last in the order of beginnings
      counts.set(address, { failures: 1, endsAtMs: needs.nowMs() + windowMs });
      const [first] = counts.keys();
      if (counts.size > needs.capacity && first !== undefined) counts.delete(first);
    },
    waitMs(address) {
      const count = current(address);
      return count && count.failures >= needs.perMinute ? count.endsAtMs - needs.nowMs() : 0;
    },
  };
}
