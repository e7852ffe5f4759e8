import { createHash } from "node:crypto";
import type { BackedUpFile } from "./manifest.ts";
import { openPlain, type FileSource } from "./plainFiles.ts";
import { Unsettled } from "./untilSettled.ts";

const chunkBytes = 1_048_576;

/** What a file has now, measured. It may grow meanwhile: what counts is what it has at the start. */
export async function measure({ name, path }: FileSource, signal: AbortSignal): Promise<BackedUpFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of chunksOf({ name, path }, null, signal)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { name, bytes, sha256: hash.digest("hex") };
}

/** The same bytes once more. Throws `Unsettled` where they are no longer the ones that were measured. */
export async function* readMeasured(
  source: FileSource,
  measured: BackedUpFile,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(source, measured.bytes, signal)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") !== measured.sha256) throw new Unsettled(source.name);
}

/** The first `limit` bytes of a file; all that it has when it is opened where that is null. */
async function* chunksOf(
  { name, path }: FileSource,
  limit: number | null,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const handle = await openPlain({ name, path });
  try {
    const end = limit ?? (await handle.stat()).size;
    for (let at = 0; at < end;) {
      signal.throwIfAborted();
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, end - at));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Unsettled(name);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
