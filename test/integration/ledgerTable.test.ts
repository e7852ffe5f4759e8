import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { JobId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { genesisHash } from "../../protocol/ledger/chain.ts";
import { Refusal } from "../../protocol/problem.ts";
import { createLedger } from "../../service/ledger/createLedger.ts";
import { verifyLedger } from "../../service/ledger/verifyLedger.ts";
import { createJobs, type JobsTable } from "../../service/store/createJobs.ts";
import { openStore, type Store } from "../../service/store/openStore.ts";
import { aJob } from "../support/fleetRecords.ts";

describe("the ledger in the database", () => {
  let store: Store;
  let jobs: JobsTable;
  const changes: JobRecord[] = [];

  beforeEach(() => {
    store = openStore(":memory:");
    changes.length = 0;
    const ledger = createLedger(store.db, () => 1_000);
    jobs = createJobs(
      store,
      (event) => ledger.append(event),
      (job) => void changes.push(job),
    );
  });
  afterEach(() => store.close());

  const created = (): JobRecord => jobs.create(aJob({ state: "queued", createdBy: "user/ada" }), null);
  const count = (): unknown => store.db.prepare("SELECT count(*) FROM events").pluck().get();

  it("holds when it is empty", async () => {
    assert.deepEqual(await verifyLedger(store.db), { ok: true, events: 0, head: genesisHash });
  });

  it("refuses to change and to delete events", () => {
    created();
    for (const sql of [
      "UPDATE events SET actor = 'x'",
      "DELETE FROM events",
      "REPLACE INTO events SELECT * FROM events",
      "INSERT INTO events SELECT seq + 5, at_ms, schema, type, actor, payload, prev, hash FROM events",
    ])
      assert.throws(() => store.db.exec(sql), /append-only/, sql);
    assert.equal(count(), 2);
  });

  it("takes events only in the transaction of their change", () => {
    const ledger = createLedger(store.db, () => 1);
    const payload = { jobId: aJob().id };
    assert.throws(() => ledger.append({ type: "job.syncing", actor: "x", payload }), /transaction/);
  });

  it("is read in pages, to older ones by `before`, and only where a text occurs, wildcards taken as they are", () => {
    const ledger = createLedger(store.db, () => 1);
    const append = (script: string, actor: string): void =>
      store.transact(() => {
        const payload = { jobId: aJob().id, script, args: [], envNames: [], timeoutMs: null };
        ledger.append({ type: "job.queued", actor, payload });
      });
    append("a%b.py", "user/ada");
    append("aXb.py", "user/ada");
    append('C:\\data\\"train"_1.py', "user/Zoë");
    append("train-1.py", "user/ada");
    const seqs = (query: Parameters<typeof ledger.page>[0]): number[] =>
      ledger.page(query).map(({ seq }) => seq);
    assert.deepEqual(seqs({ limit: 2 }), [3, 4]);
    assert.deepEqual(seqs({ limit: 2, before: 3 }), [1, 2]);
    assert.deepEqual(seqs({ limit: 2, before: 1 }), []);
    assert.deepEqual(seqs({ limit: 2, after: 1 }), [2, 3]);
    assert.deepEqual(seqs({ limit: 9, after: 1, before: 4 }), [2, 3]);
    assert.deepEqual(seqs({ limit: 9, contains: "%" }), [1]);
    assert.deepEqual(seqs({ limit: 9, contains: "_" }), [3]);
    assert.deepEqual(seqs({ limit: 9, contains: 'data\\"train"' }), [3]);
    assert.deepEqual(seqs({ limit: 9, contains: "zoë" }), [3]);
    assert.deepEqual(seqs({ limit: 1, contains: "TRAIN" }), [4]);
    assert.deepEqual(seqs({ limit: 1, before: 4, contains: "train" }), [3]);
    assert.deepEqual(seqs({ limit: 1, after: 0, contains: "job.queued" }), [1]);
    assert.deepEqual(seqs({ limit: 9, contains: aJob().id, before: 3 }), [1, 2]);
  });

  for (const [what, step] of [
    ["advancing", () => jobs.advance(aJob().id, { to: "syncing" }, "service")],
    ["cancelling", () => jobs.requestCancel(aJob().id, "user/ada")],
  ] as const)
    it(`has no event and tells nobody when the state cannot be written: ${what}`, () => {
      const job = created();
      changes.length = 0;
      store.db.exec(
        "CREATE TRIGGER broken BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END",
      );
      assert.throws(step, /the disk is gone/);
      assert.equal(count(), 2);
      assert.deepEqual(changes, []);
      assert.deepEqual(jobs.get(job.id), job);
      assert.deepEqual(jobs.active(), [job]);
    });

  it("has no event of a job that could not be kept", () => {
    store.db.exec(
      "CREATE TRIGGER broken BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END",
    );
    assert.throws(created, /the disk is gone/);
    assert.equal(count(), 0);
    assert.deepEqual(jobs.active(), []);
  });

  it("has no event of a step that the table of transitions does not allow", () => {
    const job = created();
    const running = { interpreter: "sh", directory: "/", archiveBytes: 1, archiveSha256: "" };
    assert.throws(() => jobs.advance(job.id, { to: "running", ...running }, "x"), RangeError);
    assert.equal(count(), 2);
  });

  it("tells of the newest jobs, and of each older one that has not ended", () => {
    const idOf = (at: number) => `j-${String(at).padStart(16, "0")}` as JobRecord["id"];
    const cause = { kind: "lost", detail: "gone" } as const;
    const log = { logBytes: 0, logSha256: null, logComplete: false, lastedMs: null };
    for (const at of [1, 2, 3, 4]) {
      jobs.create(aJob({ id: idOf(at), state: "queued", createdBy: "user/ada" }), null);
      if (at === 1) continue;
      jobs.advance(idOf(at), { to: "syncing" }, "service");
      jobs.advance(idOf(at), { to: "lost", exitCode: null, cause, ...log }, "service");
    }
    const recent = (limit: number) => jobs.recent(limit).map(({ id }) => id);
    assert.deepEqual(recent(2), [idOf(4), idOf(3), idOf(1)]);
    assert.deepEqual(recent(9), [idOf(4), idOf(3), idOf(2), idOf(1)]);
  });

  it("keeps what was noted of a job until it ends, and forgets nothing of it when another reads the table", () => {
    const { id } = created();
    jobs.advance(id, { to: "syncing" }, "service");
    const noted = jobs.note(id, { logBytes: 7 });
    assert.equal(jobs.get(id)?.logBytes, 7);
    assert.equal(jobs.list(10, null).jobs[0]?.logBytes, 7);
    assert.ok(noted.revision > 2);
    assert.equal(jobs.activeOn(aJob().hostId), 1);
    const cause = { kind: "lost", detail: "gone" } as const;
    const log = { logBytes: 7, logSha256: null, logComplete: false, lastedMs: null };
    jobs.advance(id, { to: "lost", exitCode: null, cause, ...log }, "service");
    assert.equal(jobs.activeOn(aJob().hostId), 0);
    assert.equal(jobs.note(id, { logBytes: 9 }).logBytes, 7);
    const ledger = createLedger(store.db, () => 1);
    const reread = createJobs(
      store,
      (event) => ledger.append(event),
      () => undefined,
    );
    assert.deepEqual(reread.get(id), jobs.get(id));
    assert.deepEqual(reread.active(), []);
    for (const table of [jobs, reread]) assert.deepEqual([...table.byState()], [["lost", 1]]);
    jobs.create(aJob({ id: "j-0000000000000002" as JobId, state: "queued" }), null);
    assert.deepEqual([...jobs.byState()].sort(), [
      ["lost", 1],
      ["placed", 1],
    ]);
  });

  it("refuses a change while another program writes to the database, and takes it afterwards", () => {
    const folder = mkdtempSync(join(tmpdir(), "hwledger-store-"));
    const file = join(folder, "fleet.db");
    const held = openStore(file);
    const other = new Database(file);
    try {
      other.exec("BEGIN IMMEDIATE");
      assert.throws(
        () => held.transact(() => undefined),
        (error: unknown) => error instanceof Refusal && error.code === "storage-busy",
      );
      other.exec("ROLLBACK");
      assert.equal(
        held.transact(() => "done"),
        "done",
      );
    } finally {
      other.close();
      held.close();
      rmSync(folder, { recursive: true });
    }
  });
});
