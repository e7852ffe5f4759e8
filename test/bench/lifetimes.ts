/** What was opened and how it is closed, newest first. */
export interface Lifetimes {
  /** Notes how something ends, and gives it back. */
  own<T>(thing: T, end: (thing: T) => unknown): T;
  /** Ends everything; one that fails to end does not keep the others. Rejects with the first failure. */
  end(): Promise<void>;
}

/** An empty set of lifetimes. */
export function createLifetimes(): Lifetimes {
  const ends: (() => unknown)[] = [];
  return {
    own(thing, end) {
      ends.push(() => end(thing));
      return thing;
    },
    async end() {
      const failures: unknown[] = [];
      for (let end = ends.pop(); end; end = ends.pop()) {
        try {
          await end();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, "not everything could be ended");
    },
  };
}
