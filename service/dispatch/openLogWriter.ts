import { createHash, type Hash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";

/** The one writer of a log's file, with a running hash over all of it. */
export interface LogWriter {
  bytes(): number;
  /** Writes these one after the other. Rejects when not all could be written; what was is counted in `bytes`. */
  append(chunks: readonly Buffer[]): Promise<void>;
  /** SHA-256 of all that was written, in hex. */
  sha256(): string;
  /** Brings the file to disk and closes it; the SHA-256 of its content in hex. */
  finish(): Promise<string>;
  close(): Promise<void>;
}

/** Opens a log's file (0600), new or as it was left. */
export async function openLogWriter(file: string): Promise<LogWriter> {
  const handle = await open(file, "a+", 0o600);
  try {
    const hash = createHash("sha256");
    return writerOf(handle, hash, await hashHeld(handle, hash));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function writerOf(handle: FileHandle, hash: Hash, heldBytes: number): LogWriter {
  let bytes = heldBytes;
  return {
    bytes: () => bytes,
    async append(chunks) {
      let left = [...chunks];
      while (left.length > 0) {
        const { bytesWritten } = await handle.writev(left);
        bytes += bytesWritten;
        left = takeWritten(left, bytesWritten, hash);
      }
    },
    sha256: () => hash.copy().digest("hex"),
    async finish() {
      await handle.sync();
      await handle.close();
      return hash.digest("hex");
    },
    close: () => handle.close(),
  };
}

/** Hashes what was written of these chunks and returns the rest. */
function takeWritten(chunks: Buffer[], bytesWritten: number, hash: Hash): Buffer[] {
  let done = bytesWritten;
  const left: Buffer[] = [];
  for (const chunk of chunks) {
    const written = Math.min(done, chunk.length);
    done -= written;
    hash.update(written === chunk.length ? chunk : chunk.subarray(0, written));
    if (written < chunk.length) left.push(chunk.subarray(written));
  }
  return left;
}

async function hashHeld(handle: FileHandle, hash: Hash): Promise<number> {
  const buffer = Buffer.allocUnsafe(1_048_576);
  let offset = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0) return offset;
    hash.update(buffer.subarray(0, bytesRead));
    offset += bytesRead;
  }
}
