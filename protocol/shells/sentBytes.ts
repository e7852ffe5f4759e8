import { Readable, Writable } from "node:stream";
import { shellChunkBytes, shellWindowBytes } from "../agentLink.ts";

/** Bytes on their way to the other end, at most a window of them ahead of what is taken there. */
export interface SentBytes {
  /** The other end has taken so many. */
  credit(bytes: number): void;
}

/** A stream whose bytes go to the other end; they wait where the window is full. Its end is told by no bytes. */
export function createSentWritable(send: (bytes: Uint8Array) => void): Writable & SentBytes {
  let window = shellWindowBytes;
  let waiting: (() => void) | null = null;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const sendAll = (rest: Buffer): void => {
        if (rest.length === 0) return done();
        if (window <= 0) return void (waiting = () => sendAll(rest));
        const part = rest.subarray(0, Math.min(window, shellChunkBytes));
        window -= part.length;
        send(part);
        sendAll(rest.subarray(part.length));
      };
      sendAll(chunk);
    },
    final(done) {
      send(new Uint8Array());
      done();
    },
  });
  return Object.assign(stream, {
    credit(bytes: number) {
      window += bytes;
      const go = waiting;
      waiting = null;
      go?.();
    },
  });
}

/** Sends what comes out of a stream, pausing it where the window is full. Its end, however it comes, is told by no bytes. */
export function sendReadable(stream: Readable, send: (bytes: Uint8Array) => void): SentBytes {
  let window = shellWindowBytes;
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    send(new Uint8Array());
  };
  stream.on("data", (chunk: Buffer) => {
    window -= chunk.length;
    for (let at = 0; at < chunk.length; at += shellChunkBytes) send(chunk.subarray(at, at + shellChunkBytes));
    if (window <= 0) stream.pause();
  });
  for (const event of ["end", "close", "error"]) stream.once(event, end);
  return {
    credit(bytes) {
      const wasFull = window <= 0;
      window += bytes;
      if (wasFull && window > 0) stream.resume();
    },
  };
}

/** A stream of bytes that come from the other end. */
export interface TakenBytes {
  readonly stream: Readable;
  /** Takes bytes, none for the end. False: more came than the window allows. */
  take(bytes: Uint8Array): boolean;
  /** Nothing more will come. */
  end(): void;
}

/** A stream fed by the other end, which is granted more as it is read. */
export function createTakenBytes(grant: (bytes: number) => void): TakenBytes {
  let unread = 0;
  let owed = 0;
  let isOver = false;
  const pay = (): void => {
    if (owed < shellWindowBytes / 4 || isOver) return;
    grant(owed);
    unread -= owed;
    owed = 0;
  };
  const stream = new Readable({ highWaterMark: shellWindowBytes / 4, read: pay });
  return {
    stream,
    take(bytes) {
      if (isOver) return true;
      if (bytes.length === 0) {
        isOver = true;
        stream.push(null);
        return true;
      }
      unread += bytes.length;
      if (unread > 2 * shellWindowBytes) return false;
      owed += bytes.length;
      if (stream.push(Buffer.from(bytes))) pay();
      return true;
    },
    end() {
      if (isOver) return;
      isOver = true;
      stream.push(null);
    },
  };
}
