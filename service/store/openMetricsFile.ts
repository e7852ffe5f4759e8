import { chmodSync, renameSync, rmSync } from "node:fs";
import Database from "better-sqlite3";
import type { MetricsFile, MetricsPiece } from "../metrics/metricsFile.ts";
import type { Sqlite } from "./openStore.ts";

const schema = `CREATE TABLE IF NOT EXISTS pieces (
  host_id TEXT NOT NULL,
  step_ms INTEGER NOT NULL,
  begin_ms INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (host_id, step_ms, begin_ms)
) STRICT`;
const version = 1;

/**
 * Opens the file of what hosts did, apart from the fleet's database, so that neither its size nor its loss is a matter of that.
 * A file that is damaged or of a newer version is put aside under another name; where none can be had, what hosts do is kept in
 * memory. `onTrouble` is told of both.
 */
export function openMetricsFile(
  path: string,
  onTrouble: (what: string, cause: unknown) => void,
): MetricsFile {
  try {
    return open(path);
  } catch (cause) {
    if (!isUnreadable(cause)) {
      onTrouble("what hosts do is kept in memory only, since its file cannot be opened", cause);
      return open(":memory:");
    }
    onTrouble(`the file of what hosts did cannot be read and is put aside as ${path}.damaged`, cause);
    return putAside(path) ? openMetricsFile(path, onTrouble) : open(":memory:");
  }
}

function putAside(path: string): boolean {
  try {
    renameSync(path, `${path}.damaged`);
    for (const ending of ["-wal", "-shm"]) rmSync(`${path}${ending}`, { force: true });
    return true;
  } catch {
    return false;
  }
}

function isUnreadable(cause: unknown): boolean {
  if (cause instanceof RangeError) return true;
  return /^SQLITE_(CORRUPT|NOTADB)/.test((cause as { code?: string }).code ?? "");
}

function open(path: string): MetricsFile {
  const db = new Database(path, { timeout: 2_000 });
  try {
    if (path !== ":memory:") chmodSync(path, 0o600);
    db.pragma("auto_vacuum = INCREMENTAL"); // before anything is written, or it does nothing
    db.pragma("journal_mode = WAL");
    // The last minute may be lost with the power; nothing else.
    db.pragma("synchronous = NORMAL");
    const found = db.pragma("user_version", { simple: true }) as number;
    if (found > version) throw new RangeError(`the file is of a newer version (${found})`);
    db.exec(schema);
    db.pragma(`user_version = ${version}`);
    const file = fileOf(db);
    file.hosts(); // damage further in than the first page
    return file;
  } catch (error) {
    db.close();
    throw error;
  }
}

function fileOf(db: Sqlite): MetricsFile {
  const get = db.prepare<[string, number, number], { body: Buffer }>(
    "SELECT body FROM pieces WHERE host_id = ? AND step_ms = ? AND begin_ms = ?",
  );
  const range = db.prepare<[string, number, number, number], { beginMs: number; body: Buffer }>(
    `SELECT begin_ms AS beginMs, body FROM pieces
     WHERE host_id = ? AND step_ms = ? AND begin_ms BETWEEN ? AND ? ORDER BY begin_ms`,
  );
  const put = db.prepare(
    "INSERT OR REPLACE INTO pieces (host_id, step_ms, begin_ms, body) VALUES (@hostId, @stepMs, @beginMs, @body)",
  );
  const removeOlder = db.prepare("DELETE FROM pieces WHERE host_id = ? AND step_ms = ? AND begin_ms < ?");
  const removeHost = db.prepare("DELETE FROM pieces WHERE host_id = ?");
  // From one to the next by the index, not over all pieces.
  const hosts = db.prepare<[], { hostId: string }>(
    `WITH RECURSIVE each (hostId) AS (
       SELECT min(host_id) FROM pieces
       UNION ALL
       SELECT (SELECT min(host_id) FROM pieces WHERE host_id > hostId) FROM each WHERE hostId IS NOT NULL
     ) SELECT hostId FROM each WHERE hostId IS NOT NULL`,
  );
  const putAll = db.transaction((pieces: readonly MetricsPiece[]) => {
    for (const piece of pieces) put.run(piece);
  });
  const isFreed = (run: { changes: number }): void => {
    if (run.changes > 0) db.pragma("incremental_vacuum(200)"); // pages; the rest goes with later ones
  };
  return {
    get: (hostId, stepMs, beginMs) => get.get(hostId, stepMs, beginMs)?.body ?? null,
    range: (hostId, stepMs, fromMs, toMs) => range.all(hostId, stepMs, fromMs, toMs),
    put: (pieces) => putAll.immediate(pieces),
    removeOlder: (hostId, stepMs, beforeMs) => isFreed(removeOlder.run(hostId, stepMs, beforeMs)),
    removeHost: (hostId) => isFreed(removeHost.run(hostId)),
    hosts: () => hosts.all().map(({ hostId }) => hostId),
    close() {
      db.close();
    },
  };
}
