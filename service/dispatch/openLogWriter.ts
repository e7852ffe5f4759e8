import { createHash, type Hash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";

/** The one writer of a log's file, with a running hash over all of it. */
export interface LogWriter {
  bytes(): number;
  /** Rejects when not all could be written; what was is counted in `bytes`. */
  append(bytes: Buffer): Promise<void>;
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
    async append(chunk) {
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, null);
        hash.update(chunk.subarray(done, done + bytesWritten));
        bytes += bytesWritten;
        done += bytesWritten;
      }
    },
    async finish() {
      await handle.sync();
      await handle.close();
      return hash.digest("hex");
    },
    close: () => handle.close(),
  };
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
