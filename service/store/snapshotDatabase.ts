import Database from "better-sqlite3";

/** How long the copy waits for a lock of another program, in ms. */
const busyMs = 10_000;
/** All of what is left: one step sees one state of the database, whatever is written meanwhile. */
const allPages = 0x7fff_ffff;

/**
 * Copies a database as it stands at one moment into a new file, whether a service writes to it or not. The copy is a
 * file of its own, without a write-ahead log beside it.
 */
export async function snapshotDatabase(database: string, copy: string): Promise<void> {
  const source = new Database(database, { readonly: true, fileMustExist: true, timeout: busyMs });
  try {
    await source.backup(copy, { progress: () => allPages });
  } finally {
    source.close();
  }
  const copied = new Database(copy);
  try {
    copied.pragma("locking_mode = EXCLUSIVE"); // else the way there takes a shared-memory file beside it
    copied.pragma("journal_mode = DELETE");
  } finally {
    copied.close();
  }
}
