import { constants, lstatSync, readdirSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { backedUpFiles, isBackedUpName } from "./manifest.ts";
import { Unsettled } from "./untilSettled.ts";

/** Files of a data folder, by their names in the archive. */
export interface FoundFiles {
  names: string[];
  /** What is there and is not copied: links, folders, devices, odd names. */
  leftOut: string[];
}

/** The files of one of the folders, in order. Links are not followed, also where the folder is one. */
export function filesIn(home: string, folder: string): FoundFiles {
  const there = lstatSync(join(home, folder), { throwIfNoEntry: false });
  if (there === undefined) return { names: [], leftOut: [] };
  if (!there.isDirectory()) return { names: [], leftOut: [folder] };
  const entries = readdirSync(join(home, folder), { withFileTypes: true })
    .filter(({ name }) => !name.endsWith(".partial")) // on its way to its own name
    .map((entry) => ({ name: `${folder}/${entry.name}`, isFile: entry.isFile() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const isCopied = ({ name, isFile }: (typeof entries)[number]): boolean => isFile && isBackedUpName(name);
  return {
    names: entries.filter(isCopied).map(({ name }) => name),
    leftOut: entries.filter((entry) => !isCopied(entry)).map(({ name }) => name),
  };
}

/** The files beside the folders that are there. */
export function filesBeside(home: string): FoundFiles {
  const there = backedUpFiles.flatMap((name) => {
    const found = lstatSync(join(home, name), { throwIfNoEntry: false });
    return found === undefined ? [] : [{ name, isFile: found.isFile() }];
  });
  const named = (isFile: boolean): string[] =>
    there.filter((one) => one.isFile === isFile).map(({ name }) => name);
  return { names: named(true), leftOut: named(false) };
}

/** A file that is backed up, and where it lies. */
export interface FileSource {
  name: string;
  path: string;
}

/**
 * Opens a file for reading. Throws `Unsettled` where it is gone, and fails where something else than a plain file took
 * its place: that is not followed.
 */
export async function openPlain({ name, path }: FileSource): Promise<FileHandle> {
  // Windows has neither flag.
  const {
    O_RDONLY,
    O_NOFOLLOW = 0,
    O_NONBLOCK = 0,
  } = constants as Partial<typeof constants> & { O_RDONLY: number };
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((cause: unknown) => {
    throw (cause as NodeJS.ErrnoException).code === "ENOENT" ? new Unsettled(name) : cause;
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw Object.assign(new Error("it is no plain file"), { code: "EINVAL", path });
}
