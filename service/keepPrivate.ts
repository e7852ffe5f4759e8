import { chmodSync, lstatSync, readdirSync, realpathSync, statSync, type Stats } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../protocol/problem.ts";
import { shellQuote } from "../protocol/shellQuote.ts";
import type { HomeLayout } from "./homeLayout.ts";

/** A file or folder that others could use, and no longer can. */
export interface Mended {
  path: string;
  /** Its mode before, octal. */
  mode: string;
}

/** Bits of group and others. */
const othersBits = 0o077;

/**
 * Looks at owner and mode of what must be private in a data folder, and mends modes; tells what it mended (the folder's
 * own mode is mended by whoever opens it, in homeLayout.ts). Throws
 * `key-not-private` where mending does not help: a key of the fleet's CA that others could read may have been copied;
 * what belongs to another account is that account's to change; a link leads to where nobody has looked.
 * Nothing is checked where files have no owner (`userId` undefined, on Windows).
 */
export function keepPrivate(layout: HomeLayout, userId: number | undefined): Mended[] {
  if (userId === undefined) return [];
  const keys = namesIn(layout.keys).map((name) => join(layout.keys, name));
  for (const path of [layout.keys, ...keys, layout.identityFile]) refuseLink(path);
  for (const path of keys) refuseReadable(path);
  const files = [
    layout.identityFile,
    layout.database,
    `${layout.database}-wal`,
    `${layout.database}-shm`,
    layout.serviceLog,
    `${layout.serviceLog}.1`,
    layout.startLog,
  ];
  const folders = [layout.keys, layout.logs, layout.ssh];
  for (const path of [layout.directory, ...folders, ...keys, ...files]) refuseForeign(path, userId);
  const mended = [...folders.map((path) => mend(path, 0o700)), ...files.map((path) => mend(path, 0o600))];
  return mended.filter((one) => one !== null);
}

function namesIn(folder: string): string[] {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(folder) : [];
}

function refuseLink(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isSymbolicLink() !== true) return;
  const target = targetOf(path);
  const replace = target === null ? "" : ` && mv ${shellQuote(target)} ${shellQuote(path)}`;
  throw refused(path, stats, "is a symbolic link", `rm ${shellQuote(path)}${replace}`);
}

/** Where a link leads; null when nothing is there. */
function targetOf(link: string): string | null {
  try {
    return realpathSync(link);
  } catch {
    return null;
  }
}

function refuseReadable(path: string): void {
  const stats = statSync(path);
  if ((stats.mode & othersBits) === 0) return;
  const mode = stats.isDirectory() ? "700" : "600";
  throw refused(path, stats, "can be used by other accounts", `chmod ${mode} ${shellQuote(path)}`);
}

function refuseForeign(path: string, userId: number): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats || stats.uid === userId) return;
  const reason = `belongs to the account with the number ${stats.uid}, not to ${userId}, which runs the service`;
  throw refused(path, stats, reason, `sudo chown ${userId} ${shellQuote(path)}`);
}

function refused(file: string, stats: Stats, reason: string, command: string): Refusal {
  return new Refusal("key-not-private", { file, mode: octal(stats.mode), reason, command });
}

function mend(path: string, mode: number): Mended | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats || (stats.mode & othersBits) === 0) return null;
  chmodSync(path, mode);
  return { path, mode: octal(stats.mode) };
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
