import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import type { JobRecord } from "../../protocol/job.ts";
import { startLab, type Lab } from "../lab/startLab.ts";
import { createDispatchBench, type DispatchBench, type PlacedJob } from "../support/dispatchBench.ts";
import { until } from "../support/until.ts";
import { aPool, targetOf, type PoolFixture } from "./sshPoolFixture.ts";

describe("many jobs on one SSH host", function () {
  this.timeout(180_000);
  let dir = "";
  let lab: Lab;
  let fixture: PoolFixture;
  let bench: DispatchBench;

  before(async () => {
    dir = await mkdtemp(join(os.tmpdir(), "hwl-many-"));
    lab = await startLab({
      dir: join(dir, "lab"),
      hosts: [{ name: "plain" }, { name: "single", sshdConfig: ["MaxSessions 1"] }],
    });
  });
  after(async () => {
    await lab.stop();
    await rm(dir, { recursive: true, force: true });
  });
  afterEach(async () => {
    await bench.end();
    fixture.pool.close();
  });

  function on(name: string): void {
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile, timing: { tenureMs: 500 } });
    bench = createDispatchBench({ target: targetOf(lab.host(name)), wrap: () => fixture.pool });
  }
  function dispatch(count: number, script: string): PlacedJob[] {
    const jobs = Array.from({ length: count }, () => bench.place({ "main.sh": script }));
    for (const { job, spec, archive } of jobs) void bench.dispatcher.start(job, spec, archive());
    return jobs;
  }
  const ended = (jobs: readonly PlacedJob[]): Promise<JobRecord[]> =>
    Promise.all(jobs.map(({ job }) => bench.jobs.until(job.id, (now) => now.endedAtMs !== null, 150_000)));

  function assertAllSucceeded(records: readonly JobRecord[]): void {
    const others = records.filter(({ state }) => state !== "succeeded");
    assert.deepEqual(
      others.map(({ cause }) => cause),
      [],
    );
    assert.ok(records.every(({ logComplete }) => logComplete));
  }

  it("all succeed when 80 come at once", async () => {
    on("plain");
    assertAllSucceeded(await ended(dispatch(80, "echo hi\n")));
  });

  it("all run at once though they are more than the host has sessions", async () => {
    on("single");
    const jobs = dispatch(20, 'echo begun; while [ ! -e "$HOME/go" ]; do sleep 0.2; done; echo over\n');
    await until(
      () => jobs.every(({ job }) => bench.jobs.must(job.id).state === "running"),
      "all 20 run",
      120_000,
    );
    await lab.host("single").run(["sh", "-c", ': >"$HOME/go"']);
    const records = await ended(jobs);
    assertAllSucceeded(records);
    for (const { id } of records) assert.equal((await bench.logOf(id)).toString(), "begun\nover\n");
    await lab.host("single").run(["sh", "-c", 'rm "$HOME/go"']);
  });

  it("wait as `placed` for a session, and can be cancelled meanwhile", async () => {
    on("single");
    const target = targetOf(lab.host("single"));
    const taken = await Promise.all(Array.from({ length: 8 }, () => fixture.pool.openShell(target)));
    const [waiting] = dispatch(1, "echo hi\n");
    assert.ok(waiting);
    const { id } = waiting.job;
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(bench.jobs.must(id).state, "placed");
    await bench.dispatcher.cancel(bench.jobs.must(id), "user/ada");
    const record = await bench.jobs.until(id, (now) => now.endedAtMs !== null);
    assert.equal(record.state, "cancelled");
    for (const shell of taken) shell.close();
  });
});
