import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { canonicalJson, genesisHash } from "../../protocol/ledger/chain.ts";
import type { EventPayload, LedgerEvent } from "../../protocol/ledger/events.ts";
import { createLedger } from "../../service/ledger/createLedger.ts";
import { verifyLedger } from "../../service/ledger/verifyLedger.ts";
import { createJobs, type JobsTable } from "../../service/store/createJobs.ts";
import { openStore, type Store } from "../../service/store/openStore.ts";
import { aJob } from "../support/fleetRecords.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { until } from "../support/until.ts";

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
  });
});

/** The jobs as their events alone tell of them. */
function jobsOfEvents(events: readonly LedgerEvent[]): Map<string, Partial<JobRecord>> {
  const jobs = new Map<string, Partial<JobRecord>>();
  for (const { type, payload, atMs, actor } of events) {
    if (!type.startsWith("job.")) continue;
    const { jobId } = payload as { jobId: string };
    const job = jobs.get(jobId) ?? {};
    const change = changeOf(type, payload, atMs, actor);
    const { lastedMs = null } = payload as { lastedMs?: number | null };
    if (change.endedAtMs && job.startedAtMs && lastedMs !== null)
      change.endedAtMs = Math.min(atMs, job.startedAtMs + lastedMs);
    jobs.set(jobId, { ...job, ...change });
  }
  return jobs;
}

function changeOf(type: string, payload: unknown, atMs: number, actor: string): Partial<JobRecord> {
  switch (type) {
    case "job.queued": {
      const { script, args, envNames, timeoutMs } = payload as EventPayload<"job.queued">;
      return { state: "queued", script, args, envNames, timeoutMs, createdBy: actor, createdAtMs: atMs };
    }
    case "job.placed": {
      const { hostId, host } = payload as EventPayload<"job.placed">;
      return { state: "placed", hostId, host };
    }
    case "job.syncing":
      return { state: "syncing" };
    case "job.running": {
      const { interpreter, directory, archiveBytes } = payload as EventPayload<"job.running">;
      return { state: "running", interpreter, directory, archiveBytes, startedAtMs: atMs };
    }
    case "job.cancel-requested":
      return { cancelRequestedBy: actor };
    default: {
      const { exitCode, cause, logBytes, logSha256 } = payload as EventPayload<"job.failed">;
      const state = type.slice(4) as JobRecord["state"];
      return { state, exitCode, cause, logBytes, logSha256, endedAtMs: atMs };
    }
  }
}

describe("the ledger of a service", function () {
  this.timeout(60_000);
  let service: TestService;
  let folder: string;
  let local: string;

  before(async () => {
    service = await startTestService();
    folder = mkdtempSync(join(tmpdir(), "hwledger-ledger-"));
    local = (await service.client.call("listHosts")).hosts[0]!.name;
  });
  after(async () => {
    await service.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(text: string, then?: (id: JobRecord["id"]) => Promise<unknown>): Promise<JobRecord> {
    const file = join(folder, "main.sh");
    writeFileSync(file, text);
    const { id } = await dispatchFile(service.client, {
      file,
      host: local,
      args: ["é ☃", ""],
      env: { A: "secret" },
    });
    const job = (): Promise<JobRecord> => service.client.call("getJob", { params: { job: id } });
    if (then) {
      await until(async () => (await job()).state === "running", "the job runs");
      await then(id);
    }
    await until(async () => isJobEnded((await job()).state), "the job has ended", 30_000);
    return job();
  }

  async function neverRan(): Promise<void> {
    const file = join(folder, "main.py");
    writeFileSync(file, "");
    const { id } = await dispatchFile(service.client, { file, host: local, python: "/nowhere/python" });
    const ended = async (): Promise<boolean> =>
      (await service.client.call("getJob", { params: { job: id } })).state === "failed";
    await until(ended, "the job has failed", 30_000);
  }

  it("tells the same of the jobs as the table, after real runs, a cancelled one and one that never ran", async () => {
    await run("echo hello; exit 0\n");
    await run("exit 3\n");
    await run("sleep 60\n", (job) => service.client.call("cancelJob", { params: { job } }));
    await neverRan();
    const { events } = await service.client.call("listLedger", { query: { after: 0, limit: 1_000 } });
    const rebuilt = jobsOfEvents(events);
    const { jobs } = await service.client.call("listJobs");
    assert.deepEqual(jobs.map((job) => job.state).sort(), ["cancelled", "failed", "failed", "succeeded"]);
    assert.equal(rebuilt.size, jobs.length);
    for (const job of jobs)
      for (const [name, value] of Object.entries(rebuilt.get(job.id) ?? {}))
        assert.deepEqual(job[name as keyof JobRecord], value, `${job.id} ${name}`);
    assert.equal(JSON.stringify(events).includes("secret"), false);
    assert.equal((await service.client.call("verifyLedger")).ok, true);
  });

  const tamperings: [string, string, RegExp][] = [
    [
      "a payload",
      `UPDATE events SET payload = replace(payload, 'main.sh', 'mein.sh') WHERE seq = 4`,
      /content/,
    ],
    [
      "a doubled key",
      `UPDATE events SET payload = '{"args":[],' || substr(payload, 2) WHERE seq = 4`,
      /canonical/,
    ],
    [
      "a space in a payload",
      `UPDATE events SET payload = replace(payload, '{', '{ ') WHERE seq = 4`,
      /canonical/,
    ],
    ["broken JSON", "UPDATE events SET payload = '{broken' WHERE seq = 4", /JSON/],
    ["a time", "UPDATE events SET at_ms = at_ms + 1 WHERE seq = 4", /content/],
    ["an actor", "UPDATE events SET actor = 'user/mallory' WHERE seq = 4", /content/],
    ["a hash", `UPDATE events SET hash = '${"f".repeat(64)}' WHERE seq = 4`, /content/],
    ["the hash before", `UPDATE events SET prev = '${"f".repeat(64)}' WHERE seq = 4`, /follow/],
    ["a missing event", "DELETE FROM events WHERE seq = 4", /missing/],
    ["a moved event", "UPDATE events SET seq = 1000000 WHERE seq = 4", /missing/],
    ["an event before the first", "UPDATE events SET seq = -1 WHERE seq = 4", /place/],
  ];
  for (const [what, sql, reason] of tamperings)
    it(`names the first bad event and stays up: ${what}`, async () => {
      const db = new Database(join(service.home, "fleet.sqlite"));
      const rows = db.prepare("SELECT * FROM events").all();
      try {
        db.exec("DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete");
        db.exec(sql);
        const verdict = await service.client.call("verifyLedger");
        assert.equal(verdict.ok, false);
        assert.equal(verdict.firstBad?.seq, what === "an event before the first" ? 1 : 4);
        assert.match(verdict.firstBad.reason, reason);
        assert.notEqual(verdict.firstBad.expected, verdict.firstBad.found);
        const page = await service.client.call("listLedger", { query: { after: 0, limit: 1_000 } });
        assert.ok(page.events.length >= rows.length - 1);
      } finally {
        restore(db, rows);
        db.close();
      }
      assert.equal((await service.client.call("verifyLedger")).ok, true);
    });

  function restore(db: Database.Database, rows: unknown[]): void {
    db.exec("DELETE FROM events");
    const insert = db.prepare(
      "INSERT INTO events VALUES (@seq, @at_ms, @schema, @type, @actor, @payload, @prev, @hash)",
    );
    for (const row of rows) insert.run(row);
    db.exec(`
      CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
      CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    `);
  }

  it("answers older pages and pages with a text over the wire, and refuses a text with NUL", async () => {
    const list = (query: Record<string, unknown>) => service.client.call("listLedger", { query });
    const newest = await list({ limit: 3 });
    const older = await list({ limit: 3, before: newest.events[0]!.seq });
    assert.equal(older.events.at(-1)?.seq, newest.events[0]!.seq - 1);
    assert.equal(older.total, newest.total);
    const { events } = await list({ contains: "CANCEL" });
    assert.deepEqual(
      events.map(({ type }) => type),
      ["job.cancel-requested", "job.cancelled"],
    );
    await assert.rejects(list({ contains: "a\0b" }), /query contains: text without NUL/);
  });

  it("keeps payloads in their canonical form", () => {
    const db = new Database(join(service.home, "fleet.sqlite"), { readonly: true });
    const payloads = db.prepare("SELECT payload FROM events").pluck().all() as string[];
    db.close();
    assert.ok(payloads.length > 5);
    for (const payload of payloads) assert.equal(payload, canonicalJson(JSON.parse(payload)));
  });
});
