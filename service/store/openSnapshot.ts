import Database from "better-sqlite3";
import { migrations } from "./migrations.ts";
import type { Sqlite } from "./openStore.ts";

/** A copy of a fleet's database, open for reading, or why it is none that this version can use. */
export type OpenedSnapshot =
  | { kind: "open"; db: Sqlite }
  /** Made by a newer version: the steps of its schema, and those that are known here. */
  | { kind: "newer"; schema: number; known: number }
  | { kind: "damaged"; reason: string };

/** Opens a copy of a fleet's database, after a look at every page of it and at its tables. */
export function openSnapshot(file: string): OpenedSnapshot {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  let flaw: Exclude<OpenedSnapshot, { kind: "open" }> | null;
  try {
    flaw = flawOf(db);
  } catch (cause) {
    const { code = "" } = cause as { code?: string };
    if (!/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
      db.close();
      throw cause;
    }
    flaw = { kind: "damaged", reason: `SQLite cannot read its database (${code})` };
  }
  if (flaw === null) return { kind: "open", db };
  db.close();
  return flaw;
}

function flawOf(db: Sqlite): Exclude<OpenedSnapshot, { kind: "open" }> | null {
  const schema = db.pragma("user_version", { simple: true }) as number;
  if (schema > migrations.length) return { kind: "newer", schema, known: migrations.length };
  const found = db.pragma("integrity_check(1)", { simple: true });
  if (found !== "ok")
    return { kind: "damaged", reason: `SQLite finds its database damaged: ${String(found)}` };
  if (schema < 1 || tablesOf(db) !== tablesAfter(schema))
    return { kind: "damaged", reason: "the tables of its database are not those of a fleet" };
  return null;
}

/** The text of all tables, indexes and triggers. */
function tablesOf(db: Sqlite): string {
  const rows = db
    .prepare<[], { sql: string }>(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .all();
  return rows.map(({ sql }) => sql).join(";\n");
}

/** What a database has after so many steps. */
function tablesAfter(schema: number): string {
  const db = new Database(":memory:");
  try {
    for (const step of migrations.slice(0, schema)) db.exec(step);
    return tablesOf(db);
  } finally {
    db.close();
  }
}
