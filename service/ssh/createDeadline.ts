/** A time limit that stands still while a person thinks. */
export interface Deadline {
  /** Stops the clock until the promise settles. */
  pauseFor<T>(work: Promise<T>): Promise<T>;
  cancel(): void;
}

/** Calls `onExpired` when `limitMs` have passed outside of pauses. */
export function createDeadline(limitMs: number, onExpired: () => void): Deadline {
  let leftMs = limitMs;
  let startedMs = performance.now();
  let timer: NodeJS.Timeout | null = setTimeout(onExpired, leftMs);
  let pauses = 0;
  let cancelled = false;

  const pause = (): void => {
    pauses += 1;
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    leftMs = Math.max(1, leftMs - (performance.now() - startedMs));
  };
  const resume = (): void => {
    pauses -= 1;
    if (pauses > 0 || cancelled) return;
    startedMs = performance.now();
    timer = setTimeout(onExpired, leftMs);
  };
  return {
    async pauseFor(work) {
      pause();
      try {
        return await work;
      } finally {
        resume();
      }
    },
    cancel() {
      cancelled = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
