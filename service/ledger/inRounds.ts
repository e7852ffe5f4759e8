/**
 * Does the work at most once at a time, whoever asks. Who asks while it is under way shares the next round with all who
 * do: nobody is given what began before they asked.
 */
export function inRounds<T>(work: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | null = null;
  let next: Promise<T> | null = null;

  function begin(): Promise<T> {
    next = null;
    const round = work().finally(() => {
      if (current === round) current = null;
    });
    current = round;
    return round;
  }

  return () => next ?? (current === null ? begin() : (next = current.then(begin, begin)));
}
