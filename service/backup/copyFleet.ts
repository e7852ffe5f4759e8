import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "../../protocol/problem.ts";
import { layoutOf } from "../homeLayout.ts";
import { snapshotDatabase } from "../store/snapshotDatabase.ts";
import { checkFleet, keyTexts, type SoundFleet } from "./checkFleet.ts";
import { filesBeside, filesIn, openPlain, type FileSource } from "./plainFiles.ts";
import { Unsettled } from "./untilSettled.ts";
import { unwritable } from "./unwritable.ts";

/** A fleet as it was at one moment. */
export interface CopiedFleet {
  fleet: SoundFleet;
  /** Its small files, by their names in the archive. */
  contents: ReadonlyMap<string, Buffer>;
  /** What lies among them and is not copied, for it is no plain file. */
  leftOut: string[];
}

/**
 * Copies the database of a data folder into a new file, and reads keys and other small files that belong to it. Throws
 * `Unsettled` where they changed meanwhile, `backup-unsound` where the copy could not be restored.
 */
export async function copyFleet(home: string, database: string, file: string): Promise<CopiedFleet> {
  const { contents, leftOut } = await readSmallFiles(home);
  try {
    await snapshotDatabase(layoutOf(home).database, database);
  } catch (cause) {
    if ((cause as { code?: string }).code !== "SQLITE_FULL") throw cause;
    throw unwritable(file, Object.assign(new Error("the disk is full", { cause }), { code: "ENOSPC" }));
  }
  const changed = changedName(contents, (await readSmallFiles(home)).contents);
  if (changed !== null) throw new Unsettled(changed);
  return { fleet: await soundFleet(home, database, contents), contents, leftOut };
}

/** Keys, host keys, membership and address: what is small, and must belong to the database. */
async function readSmallFiles(home: string): Promise<{ contents: Map<string, Buffer>; leftOut: string[] }> {
  const found = [filesBeside(home), filesIn(home, "keys"), filesIn(home, "ssh")];
  const contents = new Map<string, Buffer>();
  for (const name of found.flatMap(({ names }) => names))
    contents.set(name, await readPlain({ name, path: join(home, name) }));
  return { contents, leftOut: found.flatMap(({ leftOut }) => leftOut) };
}

async function readPlain(source: FileSource): Promise<Buffer> {
  const handle = await openPlain(source);
  try {
    return await readFile(handle);
  } finally {
    await handle.close();
  }
}

/** The first name whose file was added, taken away or changed; null when none was. */
function changedName(before: ReadonlyMap<string, Buffer>, after: ReadonlyMap<string, Buffer>): string | null {
  const names = new Set([...before.keys(), ...after.keys()]);
  for (const name of names) {
    const [one, other] = [before.get(name), after.get(name)];
    if (one === undefined || other === undefined || !one.equals(other)) return name;
  }
  return null;
}

/** The fleet of a copied database and the keys beside it. What cannot be restored is not backed up. */
async function soundFleet(
  home: string,
  database: string,
  contents: ReadonlyMap<string, Buffer>,
): Promise<SoundFleet> {
  const checked = await checkFleet(database, keyTexts(contents));
  switch (checked.kind) {
    case "sound":
      return checked.fleet;
    case "empty":
      throw new Refusal("backup-no-fleet", { home });
    case "newer":
      throw new Refusal("backup-newer", {
        file: layoutOf(home).database,
        version: checked.schema,
        known: checked.known,
      });
    case "unsound":
      throw new Refusal("backup-unsound", { home, reason: checked.reason });
    case "without-ca":
      // A new CA may be in its file before the ledger names it.
      throw new Unsettled("keys/", new Refusal("backup-unsound", { home, reason: checked.reason }));
  }
}
