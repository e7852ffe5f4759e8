/** The newest bytes of a log, in memory, and who reads them. */
export interface LogTip {
  /** Adds bytes at the end and forgets the oldest. */
  add(offset: number, bytes: Buffer): void;
  /** The piece that begins at an offset; null when it is forgotten or yet to come. */
  at(offset: number): Buffer | null;
  /** Counts a follower that has taken everything before an offset. */
  follow(offset: number): TipFollower;
  /**
   * Fulfils when those who keep up have taken enough not to be left behind by what comes next. One that takes too long
   * is not waited for until it is back at the tip.
   */
  room(): Promise<void>;
  clear(): void;
}

/** Someone who reads along. */
export interface TipFollower {
  /** It has taken everything before this offset. */
  took(offset: number): void;
  leave(): void;
}

/** Above the stream's window, so that a follower that keeps up never reads the file. */
const limitBytes = 4 * 1_048_576;
/** How far the slowest follower that is waited for may be behind. */
const leadBytes = limitBytes / 2;
/** How long a follower is waited for, in milliseconds. */
const patienceMs = 200;

/** The tip of a log of which so many bytes are held. */
export function createLogTip(heldBytes: number): LogTip {
  const pieces: { offset: number; bytes: Buffer }[] = [];
  const followers = new Set<{ offset: number; waitedFor: boolean }>();
  let bytes = 0;
  let endOffset = heldBytes;
  let wake: () => void = () => undefined;

  return {
    add(offset, added) {
      pieces.push({ offset, bytes: added });
      bytes += added.length;
      endOffset = offset + added.length;
      while (bytes > limitBytes && pieces.length > 1) bytes -= pieces.shift()?.bytes.length ?? 0;
    },
    at(offset) {
      const piece = pieces.findLast((one) => one.offset <= offset);
      return piece && offset < piece.offset + piece.bytes.length
        ? piece.bytes.subarray(offset - piece.offset)
        : null;
    },
    follow(offset) {
      const follower = { offset, waitedFor: endOffset - offset <= leadBytes };
      followers.add(follower);
      return {
        took(nowOffset) {
          follower.offset = nowOffset;
          if (nowOffset >= endOffset) follower.waitedFor = true;
          wake();
        },
        leave() {
          followers.delete(follower);
          wake();
        },
      };
    },
    async room() {
      const givenUp = performance.now() + patienceMs;
      for (;;) {
        const late = [...followers].filter((one) => one.waitedFor && endOffset - one.offset > leadBytes);
        if (late.length === 0) return;
        const leftMs = givenUp - performance.now();
        if (leftMs > 0) await change(leftMs);
        else for (const one of late) one.waitedFor = false;
      }
    },
    clear() {
      pieces.length = 0;
      bytes = 0;
    },
  };

  /** Fulfils when a follower took something or left, at the latest after the limit. */
  function change(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
