import type { Context } from "./context.ts";
import { exitCodes } from "./exitCodes.ts";

/** Does work that Ctrl-C ends: the work is asked to clean up after itself, then `stopped` is said. Resolves to the exit code. */
export async function untilInterrupted(
  context: Context,
  stopped: string,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<number | undefined> {
  const controller = new AbortController();
  const stop = context.terminal.onInterrupt(() => controller.abort());
  try {
    await work(controller.signal);
    return undefined;
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    context.note(stopped);
    return exitCodes.interrupted;
  } finally {
    stop();
  }
}
