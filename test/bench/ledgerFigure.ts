import { join } from "node:path";
import Database from "better-sqlite3";
import { jobIdSchema } from "../../protocol/ids.ts";
import { createLedger } from "../../service/ledger/createLedger.ts";
import { migrations } from "../../service/store/migrations.ts";
import { openStore, type Sqlite } from "../../service/store/openStore.ts";
import { alternate, type Contender, type RoundLimits } from "./alternate.ts";
import type { Counterpart, Figure, Measured } from "./benchReport.ts";
import { ratiosOf, ratioTarget } from "./compare.ts";
import { createLifetimes, type Lifetimes } from "./lifetimes.ts";
import { rounded, summarize } from "./summary.ts";

const names = { ours: "hwledger's ledger", bare: "bare SQLite" };
const jobId = jobIdSchema.parse("j-0123456789abcdef");
const actor = "ada";
const record = JSON.stringify({ id: jobId, state: "running", filler: "x".repeat(900) });
const payload = {
  jobId,
  interpreter: "/usr/bin/python3",
  directory: "/home/ada/.hwledger/jobs/j-0123456789abcdef/work",
  archiveBytes: 10_240,
  archiveSha256: "0".repeat(64),
};

/** One event with the change of its job, in one durable commit each. `directory` must be on a real disk. */
export async function ledgerFigure(directory: string, limits: RoundLimits): Promise<Figure> {
  const lifetimes = createLifetimes();
  try {
    const timesMs = await alternate(
      [
        ledgerContender(join(directory, "ours.sqlite"), lifetimes),
        bareContender(join(directory, "bare.sqlite"), lifetimes),
      ],
      limits,
    );
    const ours = measured(names.ours, timesMs);
    const counterparts: Counterpart[] = [{ kind: "measured", ...measured(names.bare, timesMs) }];
    const ratios = ratiosOf(ours, counterparts);
    const targets = [ratioTarget(ratios, { to: names.bare, of: "throughput", op: "at least", limit: 0.8 })];
    const title = "Ledger: one event with its job's new state, one durable commit each";
    return { id: "ledger-append", title, unit: "commits", ours: [ours], counterparts, ratios, targets };
  } finally {
    await lifetimes.end();
  }
}

/** As the service does it: the store's transaction, the ledger's event, the job's row. */
function ledgerContender(file: string, lifetimes: Lifetimes): Contender {
  const store = lifetimes.own(openStore(file), (opened) => opened.close());
  const ledger = createLedger(store.db, Date.now);
  insertJob(store.db);
  const update = store.db.prepare(updateSql);
  return {
    name: names.ours,
    run() {
      const startMs = performance.now();
      store.transact(() => {
        ledger.append({ type: "job.running", actor, payload });
        update.run({ id: jobId, state: "running", record });
      });
      return performance.now() - startMs;
    },
  };
}

/** The same statements in the same order on the same tables, with values that cost nothing to make. */
function bareContender(file: string, lifetimes: Lifetimes): Contender {
  const db = lifetimes.own(new Database(file), (opened) => opened.close());
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("foreign_keys = ON");
  for (const sql of migrations) db.exec(sql);
  insertJob(db);
  const head = db.prepare<[], { seq: number }>("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1");
  const insert = db.prepare(
    `INSERT INTO events (seq, at_ms, schema, type, actor, payload, prev, hash)
     VALUES (@seq, @atMs, @schema, @type, @actor, @payload, @prev, @hash)`,
  );
  const update = db.prepare(updateSql);
  const hash = "0".repeat(64);
  const values = {
    atMs: Date.now(),
    schema: 1,
    type: "job.running",
    actor,
    payload: JSON.stringify(payload),
  };
  const commit = db.transaction(() => {
    const seq = (head.get()?.seq ?? 0) + 1;
    insert.run({ ...values, seq, prev: hash, hash });
    update.run({ id: jobId, state: "running", record });
  });
  return {
    name: names.bare,
    run() {
      const startMs = performance.now();
      commit.immediate();
      return performance.now() - startMs;
    },
  };
}

const updateSql = "UPDATE jobs SET state = @state, record = @record WHERE id = @id";

function insertJob(db: Sqlite): void {
  db.prepare("INSERT INTO jobs (id, position, state, record, created_by) VALUES (?, 1, 'placed', ?, ?)").run(
    jobId,
    record,
    actor,
  );
}

function measured(name: string, timesMs: Map<string, number[]>): Measured {
  const summary = summarize(timesMs.get(name) ?? []);
  return { name, ...summary, perSecond: rounded(1_000 / summary.meanMs) };
}
