import { once } from "node:events";
import { open } from "node:fs/promises";
import { pack, type Pack } from "tar-stream";

/** One file of an archive; `content` gives exactly so many bytes. */
export interface ArchiveEntry {
  name: string;
  bytes: number;
  content: AsyncIterable<Buffer> | Iterable<Buffer>;
}

/**
 * Writes a new tar file, 0600, and returns when it is on the disk. Fails with the first that went wrong: what the
 * file system said of the archive has its `path`.
 */
export async function writeArchive(
  file: string,
  entries: readonly ArchiveEntry[],
  madeAtMs: number,
): Promise<void> {
  const tar = pack();
  tar.on("error", () => undefined); // it is destroyed below only; what failed is thrown here
  const failures: unknown[] = [];
  const note = (cause: unknown): void => {
    failures.push(cause);
    tar.destroy();
  };
  await Promise.all([fill(tar, entries, new Date(madeAtMs)).catch(note), drain(tar, file).catch(note)]);
  if (failures.length > 0) throw failures[0];
}

async function fill(tar: Pack, entries: readonly ArchiveEntry[], mtime: Date): Promise<void> {
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => undefined); // awaited below
  const close = (): void => closed.reject(new Error("the archive was given up"));
  tar.once("close", close);
  for (const { name, bytes, content } of entries) {
    const header = { name, size: bytes, mtime, mode: 0o600 };
    if (bytes === 0) tar.entry(header, "");
    else {
      const finished = Promise.withResolvers<void>();
      const entry = tar.entry(header, (error) => (error ? finished.reject(error) : finished.resolve()));
      entry.on("error", (error) => finished.reject(error));
      finished.promise.catch(() => undefined); // awaited below, unless reading fails first
      for await (const chunk of content)
        if (!entry.write(chunk)) await Promise.race([once(entry, "drain"), closed.promise]);
      entry.end(null);
      await Promise.race([finished.promise, closed.promise]);
    }
  }
  tar.off("close", close);
  tar.finalize();
}

async function drain(tar: Pack, file: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    const iterator = (tar as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    for (let next = await iterator.next(); !next.done; next = await iterator.next())
      await handle.appendFile(next.value);
    await handle.sync();
  } catch (cause) {
    // Node names no file where a handle fails.
    throw Object.assign(cause as NodeJS.ErrnoException, { path: file });
  } finally {
    await handle.close();
  }
}
