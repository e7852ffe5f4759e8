import { posix, win32 } from "node:path";

/**
 * The folder that was sent, from a local file's path and its path in what was sent: `C:\exp` of `C:\exp\src\a.py` and
 * `src/a.py`. Null when the one does not end in the other.
 */
export function sentFolder(file: string, script: string): string | null {
  const style = styleOf(file);
  const end = style.sep + script.split("/").join(style.sep);
  if (!file.endsWith(end)) return null;
  const folder = file.slice(0, file.length - end.length);
  return /^([A-Za-z]:)?$/.test(folder) ? folder + style.sep : folder;
}

/** The local file of a path in what was sent. Both kinds of folders, whatever this program runs on. */
export function localFile(folder: string, path: string): string {
  return styleOf(folder).join(folder, ...path.split("/"));
}

function styleOf(path: string): typeof posix {
  return /^([A-Za-z]:[\\/]|\\\\)/.test(path) ? win32 : posix;
}
