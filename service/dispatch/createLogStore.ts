import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, statSync } from "node:fs";
import { open, truncate, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { JobId } from "../../protocol/ids.ts";
import { createLogTip, type LogTip } from "./createLogTip.ts";
import { openLogWriter, type LogWriter } from "./openLogWriter.ts";

/** The service's mirror of the jobs' logs: one file each, a prefix of the log on the host. */
export interface LogStore {
  /** Bytes held. */
  size(id: JobId): number;
  /**
   * Adds the next bytes; fulfils when they are kept. What comes while a write is under way is written together.
   * Rejects when they cannot be kept, and with them all that was added since: `size` says how many were.
   * `offset`, where given, is where the bytes belong: after a failed write what comes later is refused, not put in its place.
   */
  append(id: JobId, bytes: Buffer, offset?: number): Promise<void>;
  /** Fulfils when followers that keep up are not left behind by more; soon, whatever they do. */
  room(id: JobId): Promise<void>;
  /** Whether the first bytes held, that many, have this SHA-256 (hex); if so, what is held past them is cut off. */
  isLog(id: JobId, bytes: number, sha256: string): Promise<boolean>;
  /** Forgets what is held, to be filled anew. */
  discard(id: JobId): Promise<void>;
  /** Says that nothing more will come: followers end, the file is on disk. The hash is SHA-256 in hex. */
  finish(id: JobId): Promise<{ bytes: number; sha256: string }>;
  /** What is held now, from an offset on. */
  read(id: JobId, fromOffset: number): AsyncIterable<Buffer>;
  /** What is held and what will come, until the log is complete, the signal or the store's end. */
  follow(id: JobId, fromOffset: number, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Ends all followers and closes the files. */
  close(): Promise<void>;
}

export interface LogStoreOptions {
  directory: string;
  /** Whether nothing more will come of a log that this store has not seen end itself. */
  isComplete: (id: JobId) => boolean;
}

interface Log {
  bytes: number;
  /** Bytes added and not yet written. */
  pendingBytes: number;
  /** Chunks that wait for the write under way. */
  open: Batch | null;
  lastWrite: Promise<void> | null;
  /** For followers that keep up: they are not served from the file. */
  tip: LogTip;
  writer: Promise<LogWriter> | null;
  waiting: Set<() => void>;
}

interface Batch {
  chunks: Buffer[];
  written: Promise<void>;
}

const readBytes = 262_144;
const emptySha256 = createHash("sha256").digest("hex");

/** Opens the folder of log mirrors, making it (0700) where it is missing. */
export function createLogStore(options: LogStoreOptions): LogStore {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const logs = new Map<JobId, Log>();
  const finished = new Set<JobId>();
  let closed = false;
  const fileOf = (id: JobId): string => join(options.directory, `${id}.log`);
  const ended = (id: JobId): boolean => closed || finished.has(id) || options.isComplete(id);
  const logOf = (id: JobId): Log => {
    const known = logs.get(id);
    if (known) return known;
    const bytes = fileSize(fileOf(id));
    const log: Log = {
      bytes,
      pendingBytes: 0,
      open: null,
      lastWrite: null,
      tip: createLogTip(bytes),
      writer: null,
      waiting: new Set(),
    };
    if (!ended(id)) logs.set(id, log);
    return log;
  };
  const writerOf = (id: JobId, log: Log): Promise<LogWriter> => {
    log.writer ??= openLogWriter(fileOf(id)).catch((error: unknown) => {
      log.writer = null;
      throw error;
    });
    return log.writer;
  };
  const cut = async (id: JobId, log: Log, bytes: number): Promise<void> => {
    await (await log.writer)?.close();
    log.writer = null;
    await truncate(fileOf(id), bytes);
    log.bytes = bytes;
    log.tip.clear();
  };
  const ranges = (id: JobId, fromOffset: number, more: (log: Log) => Promise<boolean>) =>
    readRanges(logOf(id), fileOf(id), fromOffset, more);

  return {
    size: (id) => logs.get(id)?.bytes ?? fileSize(fileOf(id)),
    append(id, bytes, offset) {
      const log = logOf(id);
      if (offset !== undefined && offset !== log.bytes + log.pendingBytes)
        return Promise.reject(new Error("an earlier part of the log could not be kept"));
      log.pendingBytes += bytes.length;
      if (log.open) log.open.chunks.push(bytes);
      else log.open = openBatch(log, bytes, () => writerOf(id, log));
      return log.open.written;
    },
    room: (id) => logs.get(id)?.tip.room() ?? Promise.resolve(),
    async isLog(id, bytes, sha256) {
      const log = logOf(id);
      await log.lastWrite;
      if (log.bytes < bytes) return false;
      const held =
        log.bytes === bytes && log.writer ? (await log.writer).sha256() : await hashFirst(fileOf(id), bytes);
      if (held !== sha256) return false;
      if (log.bytes > bytes) await cut(id, log, bytes);
      return true;
    },
    async discard(id) {
      const log = logOf(id);
      await log.lastWrite;
      await cut(id, log, 0);
    },
    async finish(id) {
      const log = logOf(id);
      await log.lastWrite;
      const sha256 = log.bytes === 0 && !log.writer ? emptySha256 : await (await writerOf(id, log)).finish();
      logs.delete(id);
      finished.add(id);
      log.tip.clear();
      wakeAll(log);
      return { bytes: log.bytes, sha256 };
    },
    read: (id, fromOffset) => ranges(id, fromOffset, () => Promise.resolve(false)),
    follow: (id, fromOffset, signal) =>
      ranges(id, fromOffset, async (log) => {
        if (ended(id) || signal.aborted) return false;
        await nextChange(log, signal);
        return !signal.aborted;
      }),
    async close() {
      closed = true;
      for (const log of logs.values()) wakeAll(log);
      const writers = [...logs.values()].map((log) => log.writer);
      logs.clear();
      await Promise.allSettled(writers.map(async (writer) => (await writer)?.close()));
    },
  };
}

/** Yields what there is from an offset on; at the tip `more` decides whether to look again. */
async function* readRanges(
  log: Log,
  file: string,
  fromOffset: number,
  more: (log: Log) => Promise<boolean>,
): AsyncGenerator<Buffer> {
  let offset = fromOffset;
  let handle: FileHandle | null = null;
  const follower = log.tip.follow(offset);
  try {
    for (;;) {
      if (offset < log.bytes) {
        const chunk =
          log.tip.at(offset) ?? (await readAt((handle ??= await open(file, "r")), offset, log.bytes));
        offset += chunk.length;
        yield chunk;
        follower.took(offset);
      } else if (!(await more(log)) && offset >= log.bytes) return;
    }
  } finally {
    follower.leave();
    await handle?.close();
  }
}

/** A batch that is written after the write under way; one that failed fails all that wait behind it. */
function openBatch(log: Log, first: Buffer, writerOf: () => Promise<LogWriter>): Batch {
  const chunks = [first];
  const settle = (): void => {
    for (const { length } of chunks) log.pendingBytes -= length;
    if (log.lastWrite === written) log.lastWrite = null;
  };
  const write = async (): Promise<void> => {
    const writer = await writerOf();
    log.open = null;
    const offset = log.bytes;
    try {
      await writer.append(chunks);
    } finally {
      log.bytes = writer.bytes();
      remember(log, chunks, offset);
    }
  };
  const written: Promise<void> = (log.lastWrite ?? Promise.resolve())
    .then(write)
    .catch((error: unknown) => {
      log.open = null;
      throw error;
    })
    .finally(() => {
      settle();
      wakeAll(log);
    });
  log.lastWrite = written;
  return { chunks, written };
}

/** Keeps what was written of these chunks for followers. */
function remember(log: Log, chunks: readonly Buffer[], offset: number): void {
  let at = offset;
  for (const chunk of chunks) {
    const bytes = chunk.subarray(0, Math.max(0, log.bytes - at));
    if (bytes.length === 0) break;
    log.tip.add(at, bytes);
    at += chunk.length;
  }
}

async function readAt(handle: FileHandle, offset: number, endOffset: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(readBytes, endOffset - offset));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
  if (bytesRead === 0) throw new Error("the log's file is shorter than it was");
  return buffer.subarray(0, bytesRead);
}

async function hashFirst(file: string, bytes: number): Promise<string> {
  if (bytes === 0) return emptySha256; // there may be no file yet
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { end: bytes - 1 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function nextChange(log: Log, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      log.waiting.delete(done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    log.waiting.add(done);
    signal.addEventListener("abort", done, { once: true });
  });
}

function wakeAll(log: Log): void {
  for (const wake of [...log.waiting]) wake();
}

function fileSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
