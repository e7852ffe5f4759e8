/** The value of a promise, or null as soon as one of the signals is aborted. */
export function interruptible<T>(promise: Promise<T>, signals: readonly AbortSignal[]): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      done(() => {
        resolve(null);
      });
    };
    const done = (settle: () => void) => {
      for (const signal of signals) signal.removeEventListener("abort", abort);
      settle();
    };
    for (const signal of signals) signal.addEventListener("abort", abort);
    if (signals.some((signal) => signal.aborted)) abort();
    promise.then(
      (value) => {
        done(() => {
          resolve(value);
        });
      },
      (error: unknown) => {
        done(() => {
          reject(error instanceof Error ? error : new Error("rejected", { cause: error }));
        });
      },
    );
  });
}

/** Waits, for ever where the delay is Infinity, or until one of the signals is aborted. */
export async function waitFor(
  setTimer: (run: () => void, delayMs: number) => () => void,
  delayMs: number,
  signals: readonly AbortSignal[],
): Promise<void> {
  let cancel = () => {};
  const elapsed = new Promise<true>((resolve) => {
    if (Number.isFinite(delayMs)) cancel = setTimer(() => resolve(true), delayMs);
  });
  await interruptible(elapsed, signals);
  cancel();
}
