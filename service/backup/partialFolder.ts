import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { layoutOf } from "../homeLayout.ts";
import { holdLock } from "../store/holdLock.ts";

/** A private folder for what is not whole yet: keys, too. */
export interface PartialFolder {
  path: string;
  /** Ends its being one, for what is moved into place as a whole. */
  letGo(): void;
  /** Removes it. */
  remove(): void;
}

/** Held by the process that works on the folder; the kernel gives it back when that is killed. */
const lockName = "hwledger-partial.lock";

/** Making one takes no longer. */
const makingMs = 60_000;

const namePattern = /\.partial-\w{6}$/;

/**
 * Makes one whose path begins so. `home`: the data folder where it is noted, so that the service's start finds one that a
 * killed process has left anywhere.
 */
export function makePartialFolder(prefix: string, home: string | null = null): PartialFolder {
  const path = mkdtempSync(`${prefix}.partial-`);
  const note = home === null ? null : noteDown(path, layoutOf(home).partials);
  const lock = lockIn(path, note);
  const letGo = (): void => {
    lock?.release();
    rmSync(join(path, lockName), { force: true });
  };
  return {
    path,
    letGo,
    remove() {
      letGo();
      rmSync(path, { recursive: true, force: true });
      if (note !== null) rmSync(note, { force: true });
    },
  };
}

function lockIn(path: string, note: string | null): ReturnType<typeof holdLock> {
  try {
    return holdLock(join(path, lockName));
  } catch (cause) {
    for (const made of note === null ? [path] : [path, note]) rmSync(made, { recursive: true, force: true });
    throw cause;
  }
}

/** Notes where a partial folder lies; null where the data folder takes no note, as one that is mounted to be read only. */
function noteDown(path: string, notes: string): string | null {
  const note = join(notes, basename(path));
  try {
    mkdirSync(notes, { recursive: true, mode: 0o700 });
    writeFileSync(note, dirname(path), { mode: 0o600 });
    return note;
  } catch {
    return null;
  }
}

/** Removes the partial folders in a folder that no process works on any more. What cannot be looked at or removed stays. */
export function removeLeftPartials(folder: string): void {
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    if (!namePattern.test(name)) continue;
    unlessItFails(() => {
      if (isLeft(path)) rmSync(path, { recursive: true, force: true });
    });
  }
}

/** The same beside a data folder, in it, and wherever it has a note of one. */
export function removeNotedPartials(home: string): void {
  const { partials } = layoutOf(home);
  for (const folder of [dirname(home), home]) removeLeftPartials(folder);
  for (const name of namesIn(partials))
    unlessItFails(() => {
      const note = join(partials, name);
      const folder = readFileSync(note, "utf8");
      removeLeftPartials(folder);
      if (!existsSync(join(folder, name))) rmSync(note, { force: true });
    });
}

/** Tidying up keeps neither a backup nor the service from its work. */
function unlessItFails(tidy: () => void): void {
  try {
    tidy();
  } catch {
    return; // the next one tries again
  }
}

/**
 * Whether it is a partial folder of this account that its process has left. One with nothing but its lock may just be being
 * made.
 */
function isLeft(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true || stats.uid !== (process.getuid?.() ?? stats.uid)) return false;
  const names = namesIn(path);
  if (!names.includes(lockName)) return false;
  if (names.every((name) => name.startsWith(lockName)) && Date.now() - stats.mtimeMs < makingMs) return false;
  const lock = holdLock(join(path, lockName));
  lock?.release();
  return lock !== null;
}

/** What lies in a folder; nothing where it cannot be read. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
