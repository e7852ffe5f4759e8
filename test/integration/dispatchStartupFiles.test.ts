import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  createDispatchBench,
  tarOf,
  type BenchOptions,
  type DispatchBench,
} from "../support/dispatchBench.ts";
import { until } from "../support/until.ts";

/** What a host's start-up files do in each of its shells, before ours is heard. */
function onHostThat(does: string, options: BenchOptions = {}): DispatchBench {
  return createDispatchBench({
    ...options,
    limits: { backoffMinMs: 20, backoffMaxMs: 100, drainMs: 500 },
    log: () => undefined,
    wrap: (shells) => ({
      async openShell(target, wish) {
        const shell = await shells.openShell(target, wish);
        shell.stdin.write(`${does}\n`);
        return shell;
      },
    }),
  });
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("start-up files of a host", function () {
  this.timeout(60_000);
  let bench: DispatchBench;
  afterEach(() => bench.end());

  const onTheHost = (id: Parameters<DispatchBench["directoryOf"]>[0]): Buffer =>
    readFileSync(join(bench.directoryOf(id), "log"));
  const counting = { "main.sh": "for n in 1 2 3 4 5 6; do echo line $n; sleep 0.2; done; exit 5\n" };

  it("may leave something behind that prints now and then: it gets into no log", async () => {
    bench = onHostThat("(for n in 1 2 3; do sleep 0.3; echo 'update check: new version'; done) &");
    const job = await bench.run(counting);
    assert.equal(job.exitCode, 5);
    const held = await bench.logOf(job.id);
    assert.equal(held.toString(), onTheHost(job.id).toString());
    assert.deepEqual([job.logComplete, job.logBytes, job.logSha256], [true, held.length, sha256(held)]);
  });

  it("may leave something behind that never stops printing: no log with that in it is called complete", async () => {
    bench = onHostThat("(while :; do echo noise; sleep 0.002; done) &");
    const job = await bench.run(counting);
    const held = await bench.logOf(job.id);
    assert.equal(job.exitCode, 5);
    assert.match(held.toString(), /line 6\n/);
    if (job.logComplete) assert.equal(held.toString(), onTheHost(job.id).toString());
    else assert.equal(job.logSha256, null);
  });

  it("may set TMOUT where sh is bash: neither following nor a slow upload is cut by it", async () => {
    bench = onHostThat("export TMOUT=1", { shell: "bash" });
    const files = { "main.sh": 'echo "$TMOUT"; sleep 3; exit 4\n' };
    const { job, spec } = bench.place(files);
    const archive = new PassThrough();
    const tar = tarOf(files);
    const started = bench.dispatcher.start(job, spec, archive);
    archive.write(tar.subarray(0, 700));
    await delay(2_500);
    archive.end(tar.subarray(700));
    await started;
    const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
    assert.deepEqual([end.exitCode, end.logComplete], [4, true], JSON.stringify(end));
    assert.equal((await bench.logOf(job.id)).toString(), "1\n", "the job has what its host gives it");
    assert.equal(bench.shells.opened, 2, "nothing was opened anew");
  });
});

describe("a job that ends what reads its log", function () {
  this.timeout(60_000);

  it("is read on at once", async () => {
    const bench = onHostThat(":");
    try {
      const script = `echo a; sleep 0.3; pkill -f "tail -c [+]1 -f .*$HWLEDGER_JOB_ID/log"; echo b
until [ -e "$HOME/enough" ]; do sleep 0.1; done; exit 9
`;
      const { job, spec, archive } = bench.place({ "main.sh": script });
      await bench.dispatcher.start(job, spec, archive());
      await until(async () => (await bench.logOf(job.id)).toString() === "a\nb\n", "the rest of the log");
      assert.equal(bench.jobs.get(job.id)?.state, "running");
      writeFileSync(join(bench.home, "enough"), "");
      const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
      assert.deepEqual([end.exitCode, end.logComplete, end.contact.kind], [9, true, "ok"]);
    } finally {
      await bench.end();
    }
  });
});
