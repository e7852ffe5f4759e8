import { createReadStream } from "node:fs";
import { lstat, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pack, type Header, type Pack } from "tar-stream";
import { Refusal } from "../problem.ts";

/** What will be sent: entries with their sizes, known before a byte is read. */
export interface PackPlan {
  root: string;
  entries: PackEntry[];
  /** Sum of the files' sizes in bytes. */
  contentBytes: number;
  /** Upper bound of the tar's size in bytes. */
  tarBytes: number;
}

type EntryHeader = Partial<Header> & Pick<Header, "name">;

interface PackEntry {
  name: string;
  header: EntryHeader;
  /** Sent in place of what is on disk; null: what is on disk. */
  bytes: Uint8Array | null;
}

/** What to send otherwise than it lies on disk. */
export interface PackExceptions {
  /** Symbolic links that are sent as what they lead to. */
  followed?: readonly string[];
  /** Bytes by name that are sent in place of what is on disk, even where nothing is (an editor's unsaved text). */
  overrides?: ReadonlyMap<string, Uint8Array>;
}

/**
 * Looks at every file and refuses what is too large before anything is sent. Files that vanished are left out;
 * sockets and the like are, too. Symbolic links are sent as links, unless `exceptions` says otherwise.
 * Throws `workspace-too-large` and `workspace-unreadable`.
 */
export async function planPack(
  root: string,
  files: string[],
  limitBytes: number,
  { followed = [], overrides = new Map<string, Uint8Array>() }: PackExceptions = {},
): Promise<PackPlan> {
  const entries: PackEntry[] = [];
  let contentBytes = 0;
  let tarBytes = 1_024;
  for (const name of files) {
    const bytes = overrides.get(name) ?? null;
    const onDisk = await headerOf(root, name, bytes !== null || followed.includes(name));
    const header = bytes === null ? onDisk : headerOfBytes(name, bytes, onDisk);
    if (header === null) continue;
    entries.push({ name, header, bytes });
    const size = header.size ?? 0;
    contentBytes += size;
    tarBytes += 512 + wholeBlocks(size) + longNameBytes(header);
  }
  if (contentBytes > limitBytes)
    throw new Refusal("workspace-too-large", { bytes: contentBytes, limitBytes, files: entries.length });
  return { root, entries, contentBytes, tarBytes };
}

function wholeBlocks(bytes: number): number {
  return Math.ceil(bytes / 512) * 512;
}

/** Bytes that tar takes for a name it cannot keep in an entry's own head: a head and its content. */
function longNameBytes({ name, linkname }: EntryHeader): number {
  const bytes = Buffer.byteLength(name) + Buffer.byteLength(linkname ?? "");
  const fits = bytes === name.length && bytes <= 99;
  return fits ? 0 : 512 + wholeBlocks(bytes + 64);
}

async function headerOf(root: string, name: string, followed: boolean): Promise<EntryHeader | null> {
  const path = join(root, name);
  try {
    const found = await (followed ? stat(path) : lstat(path));
    const { mtime } = found;
    if (found.isSymbolicLink())
      return { name, type: "symlink", linkname: await readlink(path), mtime, mode: 0o777 };
    if (!found.isFile()) return null;
    return { name, type: "file", size: found.size, mtime, mode: found.mode & 0o111 ? 0o755 : 0o644 };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw unreadable(path, cause);
    // Git and Node read names as UTF-8: one that is not would be left out without a word.
    if (name.includes("\ufffd")) throw unreadable(path, new Error("its name is not UTF-8"));
    return null;
  }
}

/** Of a file that is sent as `bytes`; it keeps the permissions that it has on disk. */
function headerOfBytes(name: string, bytes: Uint8Array, onDisk: EntryHeader | null): EntryHeader {
  return { mode: 0o644, ...onDisk, name, type: "file", size: bytes.length };
}

/**
 * The planned files as one tar stream. Nothing is opened before it is read. Fails with `workspace-unreadable` if a file
 * vanished or became shorter.
 */
export function packStream(plan: PackPlan): Readable {
  return Readable.from(packed(plan), { objectMode: false });
}

async function* packed(plan: PackPlan): AsyncGenerator<Buffer> {
  const tar = pack();
  tar.on("error", () => undefined); // it is destroyed below only; what failed is thrown here
  const failures: Error[] = [];
  const note = (cause: unknown): void =>
    void failures.push(cause instanceof Error ? cause : new Error(String(cause)));
  void fillPack(tar, plan).catch((cause: unknown) => {
    note(cause);
    tar.destroy();
  });
  try {
    for await (const chunk of tar as AsyncIterable<Buffer>) yield chunk;
  } catch (cause) {
    note(cause);
  } finally {
    tar.destroy();
  }
  const [first] = failures;
  if (first) throw first;
}

async function fillPack(tar: Pack, plan: PackPlan): Promise<void> {
  for (const { name, header, bytes } of plan.entries) {
    if (header.type === "symlink" || header.size === 0) tar.entry(header, "");
    else if (bytes !== null) tar.entry(header, Buffer.from(bytes));
    else await packFile(tar, plan.root, name, header);
  }
  tar.finalize();
}

async function packFile(tar: Pack, root: string, name: string, header: EntryHeader): Promise<void> {
  const path = join(root, name);
  const end = Math.max(0, (header.size ?? 0) - 1);
  try {
    const finished = Promise.withResolvers<void>();
    const entry = tar.entry(header, (error) => (error ? finished.reject(error) : finished.resolve()));
    finished.promise.catch(() => undefined); // awaited below, unless reading fails first
    entry.on("error", (error) => finished.reject(error));
    const abandoned = (): void => finished.resolve();
    tar.once("close", abandoned);
    void finished.promise.catch(() => undefined).then(() => tar.off("close", abandoned));
    let missing = header.size ?? 0;
    for await (const chunk of createReadStream(path, { end }) as AsyncIterable<Buffer>) {
      if (tar.destroyed) return;
      missing -= chunk.length;
      if (!entry.write(chunk)) await Promise.race([once(entry, "drain"), finished.promise]);
    }
    if (missing > 0) throw new Error("it became shorter while it was read");
    entry.end(null);
    await finished.promise;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(file: string, cause: unknown): Refusal {
  const known: Record<string, string> = {
    EACCES: "permission denied",
    ENOENT: "it vanished while it was read",
    ELOOP: "its links lead in a circle",
  };
  const { code = "", message = "it cannot be read" } = cause as Partial<NodeJS.ErrnoException>;
  const reason = known[code] ?? message;
  return new Refusal("workspace-unreadable", { file, reason }, { cause });
}
