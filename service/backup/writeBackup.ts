import { hash } from "node:crypto";
import { existsSync, lstatSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { Refusal } from "../../protocol/problem.ts";
import { layoutOf } from "../homeLayout.ts";
import { copyFleet } from "./copyFleet.ts";
import {
  archiveBytes,
  databaseName,
  makeManifest,
  manifestNames,
  type BackedUpFile,
  type Manifest,
} from "./manifest.ts";
import {
  makePartialFolder,
  removeLeftPartials,
  removeNotedPartials,
  type PartialFolder,
} from "./partialFolder.ts";
import { filesIn } from "./plainFiles.ts";
import { measure, readMeasured } from "./readFirst.ts";
import { syncFolder } from "./syncFolder.ts";
import { untilSettled } from "./untilSettled.ts";
import { unwritable } from "./unwritable.ts";
import { writeArchive, type ArchiveEntry } from "./writeArchive.ts";

/** The archive while it is not whole. */
const archiveName = "archive";

/** What to back up, and where to. */
export interface BackupOptions {
  /** Data folder of the fleet; a service may run on it. */
  home: string;
  /** The file to write. */
  file: string;
  withLogs: boolean;
  /** Whether a file of that name may be replaced. */
  force: boolean;
  now: () => number;
  signal: AbortSignal;
}

/** What a backup holds. */
export interface BackupReport {
  file: string;
  bytes: number;
  manifest: Manifest;
  members: number;
  /** What lay among the files and was not copied, for it is no plain file. */
  leftOut: string[];
}

/**
 * Writes a fleet's data folder as one file, 0600, whole or not at all. The database is copied as it stands at one
 * moment; the keys are those of that moment, or it is done anew. Throws `backup-…` refusals, and what the file system
 * says of the data folder. What a backup or a restore that was killed has left, here or where it is noted, is removed.
 */
export async function writeBackup(options: BackupOptions): Promise<BackupReport> {
  const { home, file, signal } = options;
  const layout = layoutOf(home);
  if (!existsSync(layout.database) || !existsSync(layout.keys))
    throw new Refusal("backup-no-fleet", { home });
  checkTarget(options);
  removeLeftPartials(dirname(file));
  removeNotedPartials(home);
  const partial = makePartial(options);
  try {
    const report = await untilSettled(() => attempt(options, partial.path));
    signal.throwIfAborted();
    checkTarget(options);
    await place(join(partial.path, archiveName), file);
    return report;
  } finally {
    partial.remove();
  }
}

/** Refuses a target that is in the way, or that would be lost together with the data folder. */
function checkTarget({ home, file, force }: BackupOptions): void {
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile())
    throw new Refusal("usage", { reason: `${file} is a folder, a link or a device; name a file.` });
  if (there !== undefined && !force) throw new Refusal("backup-exists", { file });
  if (statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Refusal("backup-unwritable", { file, reason: `there is no folder ${dirname(file)}` });
  const way = relative(realpathSync(home), realpathSync(dirname(file)));
  if (way !== ".." && !way.startsWith("../") && !way.startsWith("..\\") && !isAbsolute(way))
    throw new Refusal("usage", {
      reason: `${file} lies in the data folder and would be lost with it; name a file elsewhere.`,
    });
}

async function place(archive: string, file: string): Promise<void> {
  try {
    renameSync(archive, file);
    await syncFolder(dirname(file));
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** A private folder beside the file for what is not whole yet. */
function makePartial({ home, file }: BackupOptions): PartialFolder {
  try {
    return makePartialFolder(file, home);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** One try: everything is copied, and found to be of one moment. */
async function attempt(options: BackupOptions, partial: string): Promise<BackupReport> {
  const { home, file, withLogs, now, signal } = options;
  const database = join(partial, databaseName);
  const archive = join(partial, archiveName);
  for (const path of [database, archive]) rmSync(path, { force: true });
  signal.throwIfAborted();
  const madeAtMs = now();
  const { fleet, contents, leftOut } = await copyFleet(home, database, file);
  const logs = withLogs ? filesIn(home, "logs") : { names: [], leftOut: [] };
  const entries: FileEntry[] = [];
  for (const [name, content] of contents)
    entries.push(entryOf({ name, bytes: content.length, sha256: sha256Of(content) }, [content]));
  for (const name of [databaseName, ...logs.names]) {
    const source = { name, path: name === databaseName ? database : join(home, name) };
    const measured = await measure(source, signal);
    entries.push(entryOf(measured, readMeasured(source, measured, signal)));
  }
  const { members, ...facts } = fleet;
  const files = entries.map((entry) => entry.file);
  const manifest = makeManifest({ madeAtMs, ...facts, logs: withLogs, files });
  const all = [...headEntries(manifest), ...entries];
  await writeArchive(archive, all, madeAtMs).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).path === archive ? unwritable(file, error) : error;
  });
  const bytes = archiveBytes(all.map((entry) => entry.bytes));
  return { file, bytes, manifest, members, leftOut: [...leftOut, ...logs.leftOut] };
}

/** An entry with what the manifest says of it. */
type FileEntry = ArchiveEntry & { file: BackedUpFile };

function entryOf(file: BackedUpFile, content: ArchiveEntry["content"]): FileEntry {
  return { name: file.name, bytes: file.bytes, content, file };
}

/** The manifest and its sum, as `sha256sum -c` reads it. */
function headEntries(manifest: Manifest): ArchiveEntry[] {
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const sum = Buffer.from(`${sha256Of(text)}  ${manifestNames.manifest}\n`);
  return [
    { name: manifestNames.manifest, bytes: text.length, content: [text] },
    { name: manifestNames.sum, bytes: sum.length, content: [sum] },
  ];
}

function sha256Of(content: Buffer): string {
  return hash("sha256", content, "hex");
}
