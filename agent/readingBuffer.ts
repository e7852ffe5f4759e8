import { maxReadingBytes } from "../protocol/agentLink.ts";
import type { HostReading } from "../protocol/reading.ts";

/** A reading that the service has not taken yet. */
export interface HeldReading {
  seq: number;
  /** This machine's clock, when it was read. */
  atMs: number;
  json: string;
}

/** Readings until the service has taken them, oldest first. */
export interface ReadingBuffer {
  /** Keeps a reading, unless it is too long to be sent; returns it as it is held. */
  add(reading: HostReading): HeldReading;
  /** The service has taken all up to this one. */
  taken(seq: number): void;
  /** One that cannot be sent at all. */
  drop(seq: number): void;
  /** Those that are held after one, oldest first. */
  after(seq: number): HeldReading[];
  readonly length: number;
}

/** A longer one is never taken (its bytes may be three for a character), and would be sent for ever. */
const longestReading = maxReadingBytes / 4;

/** Most that is held, in characters of JSON: some ten hours of a host with eight GPUs, read each 15 s. */
export const heldLimit = 8_388_608;

/**
 * Readings in memory, bounded: where there is no more room, every other one of the older half goes, so that a long time
 * without contact is kept from its beginning on, ever more coarsely.
 */
export function createReadingBuffer(limit = heldLimit): ReadingBuffer {
  let held: HeldReading[] = [];
  let size = 0;
  let nextSeq = 1;

  function thin(): void {
    const half = Math.ceil(held.length / 2);
    held = held.filter((_, at) => at >= half || at % 2 === 0);
    size = held.reduce((sum, { json }) => sum + json.length, 0);
  }

  return {
    add(reading) {
      const one = { seq: nextSeq++, atMs: reading.atMs, json: JSON.stringify(reading) };
      if (one.json.length > longestReading) return one;
      held.push(one);
      size += one.json.length;
      while (size > limit && held.length > 2) thin();
      return one;
    },
    taken(seq) {
      const first = held.findIndex((one) => one.seq > seq);
      const gone = held.splice(0, first === -1 ? held.length : first);
      size -= gone.reduce((sum, { json }) => sum + json.length, 0);
    },
    drop(seq) {
      held = held.filter((one) => one.seq !== seq);
    },
    after: (seq) => held.filter((one) => one.seq > seq),
    get length() {
      return held.length;
    },
  };
}
