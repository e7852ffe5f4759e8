import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";

/** `missing`: the program does not exist; `given-up`: by time or by the caller. */
export type MarkOutcome = "found" | "ended" | "missing" | "given-up";

/**
 * Waits until a process has written the mark and a line end to a stream; what came before the mark is dropped, what
 * follows stays in the stream. The stream is paused when it resolves.
 */
export function awaitMark(
  child: ChildProcess,
  stream: Readable,
  mark: string,
  { limitMs, signal }: { limitMs: number; signal: AbortSignal | undefined },
): Promise<MarkOutcome> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    const done = (outcome: MarkOutcome): void => {
      clearTimeout(timer);
      stream.pause();
      stream.off("data", onData);
      child.off("error", onMissing);
      child.off("exit", onEnded);
      signal?.removeEventListener("abort", onAbort);
      resolve(outcome);
    };
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf(`${mark}\n`);
      if (end < 0) return;
      const rest = seen.subarray(end + mark.length + 1);
      done("found");
      if (rest.length > 0) stream.unshift(rest);
    };
    const onMissing = (): void => {
      child.on("error", () => {});
      done("missing");
    };
    const onEnded = (): void => {
      done("ended");
    };
    const onAbort = (): void => {
      done("given-up");
    };
    const timer = setTimeout(onAbort, limitMs);
    stream.on("data", onData);
    child.once("error", onMissing);
    child.once("exit", onEnded);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted === true) onAbort();
  });
}
