import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { startScript } from "../../protocol/runner/startScript.ts";
import { createDispatchBench, type DispatchBench } from "../support/dispatchBench.ts";
import { until } from "../support/until.ts";

describe("recovery", function () {
  this.timeout(30_000);
  let bench: DispatchBench;
  beforeEach(() => {
    bench = createDispatchBench();
  });
  afterEach(() => bench.end());

  for (const state of ["queued", "placed", "syncing"] as const)
    it(`ends a job that was ${state} as interrupted, so that it can never start later`, async () => {
      const { job, spec } = bench.place({});
      bench.jobs.put({ ...job, state });
      bench.dispatcher.recover();
      const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
      assert.equal(end.state, "failed");
      assert.ok(end.cause?.kind === "not-started" && end.cause.code === "interrupted");
      if (state !== "syncing") return;
      const shell = await bench.shells.openShell({
        id: job.hostId,
        name: "box",
        connection: { kind: "local" },
      });
      let said = "";
      shell.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      shell.stdin.write(startScript({ jobId: job.id, nonce: "latestart1", spec, graceMs: 1 }));
      await until(() => said.includes("prepared"), "it is prepared");
      shell.stdin.end("go 1 x\n");
      await shell.exited;
      assert.doesNotMatch(said, /latestart1 (started|following)/);
    });

  it("finds a syncing job that had started, and follows it to its end", async () => {
    const { job, spec, archive } = bench.place({ "main.sh": "echo here; exit 6\n" });
    await bench.dispatcher.start(job, spec, archive());
    await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
    const first = bench.jobs.must(job.id);
    bench.jobs.put({ ...job, state: "syncing" });
    await bench.restart();
    bench.dispatcher.recover();
    const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
    assert.equal(end.exitCode, 6);
    assert.equal(end.archiveBytes, first.archiveBytes);
    assert.equal(end.interpreter, first.interpreter);
    assert.equal(end.directory, first.directory);
    const running = bench.jobs.steps.filter(({ step }) => step.to === "running").map(({ step }) => step);
    assert.deepEqual(running[1], running[0]);
  });

  it("ends as interrupted what was being sent when the service stops", async () => {
    const { job, spec } = bench.place({});
    const archive = new PassThrough();
    const starting = bench.dispatcher.start(job, spec, archive);
    await until(() => existsSync(bench.directoryOf(job.id)), "the host prepares");
    await bench.dispatcher.stop();
    const end = await starting;
    assert.ok(end.cause?.kind === "not-started" && end.cause.code === "interrupted");
    assert.ok(archive.destroyed);
    const late = Readable.from([Buffer.alloc(1)]);
    await bench.dispatcher.start(bench.place({}).job, spec, late);
    assert.ok(late.destroyed);
  });
});
