import { chmodSync } from "node:fs";
import Database from "better-sqlite3";
import { Refusal } from "../../protocol/problem.ts";
import { migrations } from "./migrations.ts";

/** The connection to SQLite. Only rooms that keep state take it. */
export type Sqlite = Database.Database;

/** The fleet's database: one connection, one writer. */
export interface Store {
  readonly db: Sqlite;
  /**
   * Runs `change` in one transaction that is durable when this returns; all of it happens or nothing.
   * What `change` passes to `afterCommit` runs after the commit, and not at all when it rolls back.
   */
  transact<T>(change: (afterCommit: (effect: () => void) => void) => T): T;
  close(): void;
}

/** How long a write waits for another program's; all of the service waits with it. */
const busyMs = 2_000;

/** Opens (and creates or migrates) the database file. WAL with synchronous=FULL: a commit survives a power cut. */
export function openStore(file: string): Store {
  const db = new Database(file, { timeout: busyMs });
  if (file !== ":memory:") chmodSync(file, 0o600);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("foreign_keys = ON");
  migrate(db);
  const transaction = db.transaction((run: () => unknown) => run());
  return {
    db,
    transact(change) {
      const effects: (() => void)[] = [];
      const result = refused(
        () =>
          transaction.immediate(() => change((effect) => effects.push(effect))) as ReturnType<typeof change>,
      );
      for (const effect of effects) effect();
      return result;
    },
    close: () => db.close(),
  };
}

function migrate(db: Sqlite): void {
  const done = db.pragma("user_version", { simple: true }) as number;
  if (done > migrations.length) throw new RangeError(`the database is of a newer version (${done})`);
  migrations.slice(done).forEach((sql, index) => {
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${done + index + 1}`);
    }).immediate();
  });
}

/** Runs it; what SQLite says of the disk or of another program becomes a refusal. */
function refused<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? "";
    if (/^SQLITE_(FULL|IOERR)/.test(code)) throw new Refusal("storage-full", {}, { cause });
    if (/^SQLITE_(BUSY|LOCKED)/.test(code)) throw new Refusal("storage-busy", {}, { cause });
    throw cause;
  }
}
