import Database from "better-sqlite3";

/**
 * Takes a lock that the kernel gives back when this process ends, however it ends. Null when another process has it.
 * SQLite's own file lock: it needs no native code beyond what is here already and works on every platform.
 */
export function holdLock(file: string): { release(): void } | null {
  const db = new Database(file, { timeout: 0 });
  try {
    db.pragma("journal_mode = DELETE");
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code?.startsWith("SQLITE_BUSY")) return null;
    throw error;
  }
  return { release: () => void db.close() };
}
