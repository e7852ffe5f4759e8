import type { JobId } from "../../../protocol/ids.ts";
import { logWindowBytes } from "../../../protocol/stream.ts";

/** Where logs come from. */
export interface LogSource {
  /** Bytes held. */
  size(id: JobId): number;
  /** The log from an offset until it is complete. Pulling the next piece asks for more. */
  follow(id: JobId, fromOffset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Where a pump puts what it reads. */
export interface LogSink {
  /** Whether the client's connection has so much waiting that more must wait; `credit` and `wake` look again. */
  congested(): boolean;
  send(offset: number, bytes: Uint8Array): void;
  onEnd(totalBytes: number): void;
  onError(error: unknown): void;
}

/** A running transfer of one log to one client. */
export interface LogPump {
  /** The client has taken this many bytes more. */
  credit(bytes: number): void;
  /** The connection has room again. */
  wake(): void;
  stop(): void;
}

const frameBytes = 65_536;

/** Sends a log to a client piece by piece, never more than one window ahead of what the client has taken. */
export function pumpLog(source: LogSource, id: JobId, from: number, sink: LogSink): LogPump {
  const gone = new AbortController();
  let window = logWindowBytes;
  let wake: (() => void) | null = null;

  async function room(): Promise<void> {
    while ((window <= 0 || sink.congested()) && !gone.signal.aborted)
      await new Promise<void>((resolve) => (wake = resolve));
  }

  async function run(): Promise<void> {
    let offset = from;
    for await (const piece of source.follow(id, from, gone.signal)) {
      for (let at = 0; at < piece.length; at += frameBytes) {
        await room();
        if (gone.signal.aborted) return;
        const part = piece.subarray(at, at + frameBytes);
        window -= part.length;
        sink.send(offset, part);
        offset += part.length;
      }
    }
    if (!gone.signal.aborted) sink.onEnd(offset);
  }

  function lookAgain(): void {
    wake?.();
    wake = null;
  }

  run().catch((error: unknown) => {
    if (!gone.signal.aborted) sink.onError(error);
  });
  return {
    credit(bytes) {
      window = Math.min(logWindowBytes, window + bytes);
      lookAgain();
    },
    wake: lookAgain,
    stop() {
      gone.abort();
      lookAgain();
    },
  };
}
