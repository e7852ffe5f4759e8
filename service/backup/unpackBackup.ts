import { hash as hashOf, createHash } from "node:crypto";
import { createReadStream, mkdirSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { extract, type Header } from "tar-stream";
import { Refusal } from "../../protocol/problem.ts";
import {
  archiveBytes,
  backedUpFolders,
  backupVersion,
  manifestNames,
  readManifest,
  type BackedUpFile,
  type Manifest,
} from "./manifest.ts";
import { syncFolder } from "./syncFolder.ts";

/** Most bytes of a manifest: that of hundreds of thousands of logs. */
const manifestLimitBytes = 64 * 1_048_576;

/**
 * Unpacks a backup into an empty folder, each file 0600 and on the disk when this returns. Only what its manifest names
 * is written, with the sizes and contents that it names. Throws `backup-foreign`, `backup-newer`, `backup-damaged`, and
 * what the file system says.
 */
export async function unpackBackup(file: string, folder: string, signal: AbortSignal): Promise<Manifest> {
  const source = createReadStream(file);
  const tar = extract();
  source.on("error", (error) => tar.destroy(error));
  tar.on("error", () => undefined); // told by the iteration
  const reader = createReader(file, folder, signal);
  try {
    source.pipe(tar);
    for await (const entry of tar) await reader.take(entry.header, entry as AsyncIterable<Buffer>);
    const manifest = reader.end();
    for (const name of [...foldersOf(manifest), "."]) await syncFolder(join(folder, name));
    return manifest;
  } catch (cause) {
    throw isOurs(cause, signal) ? cause : reader.flaw(cause);
  } finally {
    source.destroy();
    tar.destroy();
  }
}

/** Whether an error says what happened itself, as opposed to one of the library about the archive. */
function isOurs(cause: unknown, signal: AbortSignal): boolean {
  if (cause instanceof Refusal || cause instanceof TypeError || signal.aborted) return true;
  return (cause as NodeJS.ErrnoException).syscall !== undefined;
}

/** Takes an archive's entries one by one: the manifest, its sum, then its files in their order. */
function createReader(file: string, folder: string, signal: AbortSignal) {
  let manifest: Manifest | null = null;
  let manifestText: Buffer | null = null;
  let isSumRead = false;
  let next = 0;
  const damaged = (reason: string, cause?: unknown): Refusal =>
    new Refusal("backup-damaged", { file, reason }, { cause });
  const foreign = (reason: string, cause?: unknown): Refusal =>
    new Refusal("backup-foreign", { file, reason }, { cause });

  async function takeManifest(header: Header, content: AsyncIterable<Buffer>): Promise<void> {
    if (header.name !== manifestNames.manifest || header.type !== "file" || header.size > manifestLimitBytes)
      throw foreign("it is a tar file, but not one of a fleet");
    manifestText = await bytesOf(content);
    const read = readManifest(manifestText.toString("utf8"));
    if (read.kind === "newer")
      throw new Refusal("backup-newer", { file, version: read.version, known: backupVersion });
    if (read.kind === "foreign") throw foreign("its manifest is not one of a fleet's backup");
    manifest = read.manifest;
  }

  async function takeSum(header: Header, content: AsyncIterable<Buffer>, text: Buffer): Promise<void> {
    const sum = `${hashOf("sha256", text, "hex")}  ${manifestNames.manifest}\n`;
    if (header.name !== manifestNames.sum || header.type !== "file" || header.size !== sum.length)
      throw damaged("its manifest has no sum");
    if ((await bytesOf(content)).toString("latin1") !== sum)
      throw damaged("its manifest is not what its sum says");
    isSumRead = true;
  }

  async function takeFile(header: Header, content: AsyncIterable<Buffer>, known: Manifest): Promise<void> {
    const expected = known.files[next];
    if (expected === undefined) throw damaged(`it holds more than its manifest names: ${header.name}`);
    if (header.name !== expected.name || header.type !== "file")
      throw damaged(`it holds ${header.name} (${header.type}) where its manifest names ${expected.name}`);
    if (header.size !== expected.bytes)
      throw damaged(`${expected.name} has another size than its manifest says`);
    if (!(await writeChecked(join(folder, expected.name), content, expected, signal)))
      throw damaged(`the content of ${expected.name} is not what its manifest says`);
    next += 1;
  }

  return {
    async take(header: Header, content: AsyncIterable<Buffer>): Promise<void> {
      signal.throwIfAborted();
      if (manifest === null || manifestText === null) return takeManifest(header, content);
      if (!isSumRead) {
        await takeSum(header, content, manifestText);
        checkSize(manifest, manifestText.length, header.size);
        for (const name of foldersOf(manifest)) mkdirSync(join(folder, name), { mode: 0o700 });
        return;
      }
      return takeFile(header, content, manifest);
    },
    end(): Manifest {
      if (manifest === null) throw foreign("it is empty");
      const missing = manifest.files[next];
      if (missing !== undefined) throw damaged(`it ends before ${missing.name}`);
      return manifest;
    },
    /** What is said of an archive that the library cannot read. */
    flaw: (cause: unknown): Refusal =>
      manifest === null
        ? foreign("it is no tar file, or not a whole one", cause)
        : damaged("it is no longer a whole tar file", cause),
  };

  function checkSize({ files }: Manifest, manifestBytes: number, sumBytes: number): void {
    const expected = archiveBytes([manifestBytes, sumBytes, ...files.map(({ bytes }) => bytes)]);
    const { size } = statSync(file);
    if (size !== expected) throw damaged(`it has ${size} bytes where ${expected} belong`);
  }
}

/** Writes a new file, 0600. Returns whether it is what was expected. */
async function writeChecked(
  path: string,
  content: AsyncIterable<Buffer>,
  { bytes, sha256 }: BackedUpFile,
  signal: AbortSignal,
): Promise<boolean> {
  const handle = await open(path, "wx", 0o600);
  const hash = createHash("sha256");
  let taken = 0;
  try {
    for await (const chunk of content) {
      signal.throwIfAborted();
      hash.update(chunk);
      taken += chunk.length;
      await handle.appendFile(chunk);
    }
    await handle.sync();
  } catch (cause) {
    // Node names no file where a handle fails.
    throw (cause as NodeJS.ErrnoException).syscall === undefined
      ? cause
      : Object.assign(cause as Error, { path });
  } finally {
    await handle.close();
  }
  return taken === bytes && hash.digest("hex") === sha256;
}

/** The folders of the files that a manifest names. */
function foldersOf({ files }: Manifest): string[] {
  return backedUpFolders.filter((folder) => files.some(({ name }) => name.startsWith(`${folder}/`)));
}

async function bytesOf(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}
