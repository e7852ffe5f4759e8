import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { canonicalJson } from "../../protocol/ledger/chain.ts";
import { jobsOfEvents } from "../support/jobsOfEvents.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { until } from "../support/until.ts";

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
