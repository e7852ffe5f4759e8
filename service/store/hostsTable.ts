import { connectionSchema, type Connection } from "../../protocol/host.ts";
import type { HostId } from "../../protocol/ids.ts";
import type { Sqlite } from "./openStore.ts";

/** What the database holds of a host; everything live is read elsewhere. */
export interface HostRow {
  id: HostId;
  name: string;
  connection: Connection;
  rateMicroUsdPerHour: number | null;
  python: string | null;
  probe: "on" | "off";
  addedAtMs: number;
  /** Fingerprint that a person accepted, beside a pinned one. */
  acceptedKey: string | null;
}

interface HostColumns {
  id: string;
  name: string;
  connection: string;
  rate_micro_usd_per_hour: number | null;
  python: string | null;
  probe: "on" | "off";
  added_at_ms: number;
  accepted_key: string | null;
}

/** Hosts in the database, oldest first. Removed ones stay for the jobs that name them, and are not listed. */
export interface HostsTable {
  all(): HostRow[];
  byId(id: string): HostRow | null;
  byName(name: string): HostRow | null;
  insert(row: HostRow): void;
  update(id: HostId, change: Pick<HostRow, "rateMicroUsdPerHour" | "python" | "probe">): void;
  setAcceptedKey(id: HostId, fingerprint: string): void;
  remove(id: HostId, nowMs: number): void;
}

/** The hosts table of an open database. */
export function createHostsTable(db: Sqlite): HostsTable {
  const selectAll = db.prepare<[], HostColumns>(
    "SELECT * FROM hosts WHERE removed_at_ms IS NULL ORDER BY added_at_ms, rowid",
  );
  const selectById = db.prepare<[string], HostColumns>(
    "SELECT * FROM hosts WHERE id = ? AND removed_at_ms IS NULL",
  );
  const selectByName = db.prepare<[string], HostColumns>(
    "SELECT * FROM hosts WHERE name = ? AND removed_at_ms IS NULL",
  );
  const insert = db.prepare(
    `INSERT INTO hosts (id, name, connection, rate_micro_usd_per_hour, python, probe, added_at_ms, accepted_key)
     VALUES (@id, @name, @connection, @rateMicroUsdPerHour, @python, @probe, @addedAtMs, @acceptedKey)`,
  );
  const update = db.prepare(
    "UPDATE hosts SET rate_micro_usd_per_hour = @rateMicroUsdPerHour, python = @python, probe = @probe WHERE id = @id",
  );
  const accept = db.prepare("UPDATE hosts SET accepted_key = ? WHERE id = ?");
  const remove = db.prepare("UPDATE hosts SET removed_at_ms = ? WHERE id = ?");
  return {
    all: () => selectAll.all().map(rowOf),
    byId: (id) => optional(selectById.get(id)),
    byName: (name) => optional(selectByName.get(name)),
    insert: (row) => void insert.run({ ...row, connection: JSON.stringify(row.connection) }),
    update: (id, change) => void update.run({ id, ...change }),
    setAcceptedKey: (id, fingerprint) => void accept.run(fingerprint, id),
    remove: (id, nowMs) => void remove.run(nowMs, id),
  };
}

function optional(columns: HostColumns | undefined): HostRow | null {
  return columns ? rowOf(columns) : null;
}

function rowOf(columns: HostColumns): HostRow {
  return {
    id: columns.id as HostId,
    name: columns.name,
    connection: connectionSchema.parse(JSON.parse(columns.connection)),
    rateMicroUsdPerHour: columns.rate_micro_usd_per_hour,
    python: columns.python,
    probe: columns.probe,
    addedAtMs: columns.added_at_ms,
    acceptedKey: columns.accepted_key,
  };
}
