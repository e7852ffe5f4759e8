import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { PassThrough } from "node:stream";
import type { JobRecord } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import { createDispatchBench, type DispatchBench } from "../support/dispatchBench.ts";
import { until } from "../support/until.ts";

const endless = { "main.sh": "echo here; while :; do sleep 1; done\n" };

describe("jobs of a host that is taken out of the fleet", function () {
  this.timeout(60_000);
  let bench: DispatchBench;
  beforeEach(() => {
    bench = createDispatchBench();
  });
  afterEach(() => bench.end());

  const isOff = new Refusal("host-unreachable", { host: "box", address: "-", reason: "it is off" });
  const leave = (job: JobRecord): Promise<void> => bench.dispatcher.leaveHost(job.hostId, "user/ada");

  function assertLost(job: JobRecord): void {
    assert.equal(job.state, "lost", JSON.stringify(job));
    assert.ok(job.cause?.kind === "lost");
    assert.equal(
      job.cause.detail,
      "box was taken out of the fleet by ada; whether the job still runs there or ran to its end is not known",
    );
    assert.deepEqual([job.exitCode, job.logComplete, job.logSha256], [null, false, null]);
  }

  it("are lost at once where the host does not answer, with the log as far as it is held", async () => {
    const { job, spec, archive } = bench.place(endless);
    await bench.dispatcher.start(job, spec, archive());
    await until(() => bench.logs.size(job.id) === 5, "the log is held");
    bench.shells.refuse = isOff;
    bench.kill();
    await bench.jobs.until(job.id, (now) => now.contact.kind === "lost");
    await leave(job);
    assertLost(bench.jobs.must(job.id));
    assert.equal(bench.jobs.must(job.id).logBytes, 5);
  });

  it("are lost also where the connection stands", async () => {
    const { job, spec, archive } = bench.place(endless);
    await bench.dispatcher.start(job, spec, archive());
    await leave(job);
    assertLost(bench.jobs.must(job.id));
  });

  it("have failed where they are still being sent, and leave nothing there", async () => {
    const { job, spec } = bench.place({});
    const archive = new PassThrough();
    const starting = bench.dispatcher.start(job, spec, archive);
    await until(() => existsSync(bench.directoryOf(job.id)), "the host prepares");
    await leave(job);
    const end = await starting;
    assert.equal(end.state, "failed");
    assert.ok(end.cause?.kind === "not-started" && end.cause.code === "host-removed");
    assert.match(end.cause.detail, /^ada took box out of the fleet before j-\w+ started; it never ran\.$/);
    await until(() => !existsSync(bench.directoryOf(job.id)), "its folder is gone");
  });

  it("have failed where they wait for their workspace, and do not start when it comes", async () => {
    const { job, spec, archive } = bench.place(endless);
    await leave(job);
    const { cause } = bench.jobs.must(job.id);
    assert.ok(cause?.kind === "not-started" && cause.code === "host-removed");
    await bench.dispatcher.start(job, spec, archive());
    assert.equal(bench.jobs.must(job.id).state, "failed");
    assert.ok(!existsSync(bench.directoryOf(job.id)));
  });
});
