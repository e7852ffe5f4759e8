/** The shells whose holders can do without them for a while, and who of them is asked to when others wait. */
export interface Tenures {
  /** Begins one; the result ends it. `onWanted` is called once, when somebody else should have the place. */
  begin(onWanted: () => void): () => void;
  /** Asks those who have held theirs longest, as many as wait, less those asked a moment ago. */
  ask(waiting: number): void;
}

interface Tenure {
  onWanted: () => void;
  sinceMs: number;
  askedAtMs: number | null;
}

/** How long one that was asked may take to leave, in milliseconds, until another is asked in its stead. */
const leaveMs = 2_000;

/** The tenures of a host's shells. Nobody is asked before `leastMs`. */
export function createTenures(leastMs: number, now: () => number): Tenures {
  const tenures = new Set<Tenure>(); // oldest first
  return {
    begin(onWanted) {
      const tenure: Tenure = { onWanted, sinceMs: now(), askedAtMs: null };
      tenures.add(tenure);
      return () => void tenures.delete(tenure);
    },
    ask(waiting) {
      const nowMs = now();
      const leaving = [...tenures].filter(
        ({ askedAtMs }) => askedAtMs !== null && nowMs - askedAtMs < leaveMs,
      );
      const due = [...tenures].filter(
        ({ askedAtMs, sinceMs }) => askedAtMs === null && nowMs - sinceMs >= leastMs,
      );
      for (const tenure of due.slice(0, Math.max(0, waiting - leaving.length))) {
        tenure.askedAtMs = nowMs;
        tenure.onWanted();
      }
    },
  };
}
