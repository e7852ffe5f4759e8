import type { Readable } from "node:stream";

/** Bytes not asked for yet above which the stream is made to wait. */
const mostWaitingBytes = 1_048_576;

/**
 * The chunks of a stream as they came. Its own iterator copies together what has piled up, which for a log that comes
 * quickly costs as much as decrypting it. Begins to read at once. Rejects when the stream breaks, ends when it closes.
 */
export function chunksOf(stream: Readable): AsyncIterator<Buffer> {
  const chunks: Buffer[] = [];
  let waitingBytes = 0;
  let failure: Error | null = null;
  let ended = false;
  let wake: () => void = () => undefined;
  const end = (): void => {
    ended = true;
    wake();
  };
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes > mostWaitingBytes) stream.pause();
    wake();
  });
  stream.once("end", end).once("close", end);
  stream.once("error", (error) => {
    failure = error;
    end();
  });
  return {
    async next() {
      while (chunks.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        waitingBytes -= chunk.length;
        if (waitingBytes <= mostWaitingBytes && stream.isPaused()) stream.resume();
        return { done: false, value: chunk };
      }
      if (failure !== null) throw failure;
      return { done: true, value: undefined };
    },
  };
}
