import type { After } from "./dispatchDeps.ts";

/** A promise's value, unless the signal comes first; then its reason is thrown. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return within(promise, { after: never, limitMs: 0, late: () => new Error("never"), signal });
}

const never: After = () => () => undefined;

/** A promise's value, unless the time is over or the signal comes first; then `late()` or the signal's reason is thrown. */
export async function within<T>(
  promise: Promise<T>,
  options: { after: After; limitMs: number; late: () => Error; signal?: AbortSignal | undefined },
): Promise<T> {
  const { signal } = options;
  promise.catch(() => {});
  signal?.throwIfAborted();
  const gate = Promise.withResolvers<never>();
  const stop = options.after(options.limitMs, () => gate.reject(options.late()));
  const aborted = (): void => gate.reject(asError(signal?.reason));
  signal?.addEventListener("abort", aborted, { once: true });
  try {
    return await Promise.race([promise, gate.promise]);
  } finally {
    stop();
    signal?.removeEventListener("abort", aborted);
  }
}

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
