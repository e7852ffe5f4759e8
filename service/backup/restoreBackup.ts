import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Refusal } from "../../protocol/problem.ts";
import { layoutOf, makeFolder } from "../homeLayout.ts";
import { isHeld } from "../runningService.ts";
import { checkFleet, keyTexts, type SoundFleet } from "./checkFleet.ts";
import { fillFolder } from "./fillFolder.ts";
import { databaseName, type Manifest } from "./manifest.ts";
import { makePartialFolder, removeLeftPartials, type PartialFolder } from "./partialFolder.ts";
import { syncFolder } from "./syncFolder.ts";
import { unpackBackup } from "./unpackBackup.ts";

/** What to restore, and where to. */
export interface RestoreOptions {
  file: string;
  /** Data folder; empty or not there yet. */
  home: string;
  signal: AbortSignal;
}

/** What was restored. */
export interface RestoreReport {
  home: string;
  manifest: Manifest;
  members: number;
}

/**
 * Restores a backup as the data folder. It is unpacked and verified beside it and moved into place last, so that a
 * failed restore leaves nothing; inside it where it is there and cannot be replaced. Throws `backup-…` and `restore-…`
 * refusals, and what the file system says.
 */
export async function restoreBackup({ file, home: named, signal }: RestoreOptions): Promise<RestoreReport> {
  const home = existsSync(named) ? realpathSync(named) : named;
  for (const folder of [home, dirname(home)]) removeLeftPartials(folder);
  checkFree(home);
  if (!statSync(file).isFile()) throw new Refusal("backup-foreign", { file, reason: "it is no file" });
  makeFolder(dirname(home));
  const restore = (place: Place): Promise<RestoreReport> => restoreInto(place, { file, home, signal });
  if (!isReplaceable(home)) return restore(inside);
  return restore(beside).catch((cause: unknown) => {
    // A folder of the same disk is mounted there: nothing tells before.
    if ((cause as NodeJS.ErrnoException).code === "EBUSY" && existsSync(home)) return restore(inside);
    throw cause;
  });
}

async function restoreInto(place: Place, { file, home, signal }: RestoreOptions): Promise<RestoreReport> {
  const partial = makePartialFolder(place.prefix(home));
  try {
    const manifest = await unpackBackup(file, partial.path, signal);
    const { members } = await verified(file, partial.path, manifest);
    signal.throwIfAborted();
    await place.move(partial, home);
    return { home, manifest, members };
  } finally {
    partial.remove();
  }
}

/** Where a backup is unpacked, and how what is whole becomes the data folder. */
interface Place {
  prefix(home: string): string;
  move(partial: PartialFolder, home: string): Promise<void>;
}

const beside: Place = { prefix: (home) => home, move: moveIntoPlace };

const inside: Place = {
  prefix: (home) => join(home, "restore"),
  async move(partial, home) {
    partial.letGo();
    chmodSync(home, 0o700);
    await fillFolder(partial.path, home);
  },
};

/** Whether another folder can take its place: not where a disk is mounted, nor where nothing may be made beside it. */
function isReplaceable(home: string): boolean {
  if (!existsSync(home)) return true;
  if (statSync(home).dev !== statSync(dirname(home)).dev) return false;
  try {
    accessSync(dirname(home), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Refuses a folder that holds anything. */
function checkFree(home: string): void {
  if (statSync(home, { throwIfNoEntry: false }) === undefined) return;
  const names = readdirSync(home).filter((name) => name !== "lost+found"); // of an empty disk
  const [first] = names;
  if (first === undefined) return;
  if (holdsService(home)) throw new Refusal("restore-in-use", { home });
  const found = names.length === 1 ? first : `${first} and ${names.length - 1} more`;
  throw new Refusal("restore-not-empty", { home, found });
}

/** Whether a service runs on it. Looking changes nothing; a lock file that is none is a file like any other. */
function holdsService(home: string): boolean {
  try {
    return isHeld(layoutOf(home));
  } catch {
    return false;
  }
}

/** The fleet of unpacked files: its ledger verifies, and it is what the manifest says. */
async function verified(file: string, folder: string, manifest: Manifest): Promise<SoundFleet> {
  const damaged = (reason: string): Refusal => new Refusal("backup-damaged", { file, reason });
  const keys = manifest.files.map(({ name }) => name).filter((name) => name.startsWith("keys/"));
  const contents = new Map(keys.map((name) => [name, readFileSync(join(folder, name))]));
  const checked = await checkFleet(join(folder, databaseName), keyTexts(contents));
  switch (checked.kind) {
    case "sound":
      break;
    case "empty":
      throw damaged("its ledger is empty");
    case "newer":
      throw new Refusal("backup-newer", { file, version: checked.schema, known: checked.known });
    case "unsound":
    case "without-ca":
      throw damaged(checked.reason);
  }
  const { fleet } = checked;
  if (fleet.ledger.events !== manifest.ledger.events || fleet.ledger.head !== manifest.ledger.head)
    throw damaged("its ledger does not end where its manifest says");
  if (fleet.fleetId !== manifest.fleetId || fleet.caFingerprint !== manifest.caFingerprint)
    throw damaged("its ledger names another fleet or CA than its manifest");
  return fleet;
}

async function moveIntoPlace(partial: PartialFolder, home: string): Promise<void> {
  try {
    partial.letGo();
    // Windows renames onto nothing; elsewhere an empty folder is replaced at once.
    if (process.platform === "win32" && existsSync(home)) rmdirSync(home);
    renameSync(partial.path, home);
  } catch (cause) {
    checkFree(home); // somebody was faster
    throw Object.assign(cause as Error, { path: home });
  }
  await syncFolder(dirname(home));
}
