/** The words for what the file system says. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EEXIST: "there is a file in its place",
  ENOTEMPTY: "there are files in its place",
  ENOTDIR: "a part of its path is a file, not a folder",
  EISDIR: "it is a folder, not a file",
  ENOENT: "there is no such file",
  EBUSY: "something else is using it, or a disk is mounted there",
  EXDEV: "a disk is mounted there",
  ENAMETOOLONG: "its name is too long",
};

/** Why the file system refused, in words; its own code where there are none, null where the error is no such one. */
export function fileReason(error: unknown): string | null {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined) return null;
  const known = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  return known ?? (syscall === undefined ? null : code);
}
