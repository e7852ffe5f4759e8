import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertMayMount } from "../support/assertMayMount.ts";
import { createDispatchBench, type DispatchBench, type HostShellKind } from "../support/dispatchBench.ts";
import { until } from "../support/until.ts";

for (const shell of ["dash", "busybox", "bash"] satisfies HostShellKind[])
  describe(`a host with ${shell} and a full disk`, function () {
    this.timeout(30_000);
    let home: string;
    let bench: DispatchBench;
    before(assertMayMount);
    beforeEach(() => {
      home = mkdtempSync(join(tmpdir(), "hwledger-disk-"));
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", home]);
      bench = createDispatchBench({ shell, home });
    });
    afterEach(async () => {
      await bench.end();
      execFileSync("umount", ["-l", home]);
      rmdirSync(home);
    });
    const fill = (): void => {
      try {
        writeFileSync(join(home, "ballast"), Buffer.alloc(1_000_000));
      } catch {
        // Full: that was the aim.
      }
    };

    it("is named in the problem when the workspace does not fit", async () => {
      const job = await bench.run({ "main.sh": "echo ran\n", "data.bin": "x".repeat(900_000) });
      assert.ok(job.cause?.kind === "not-started", JSON.stringify(job.cause));
      assert.equal(job.cause.code, "host-disk-full", job.cause.detail);
      assert.match(job.cause.detail, /^box has no space left in ~\/\.hwledger\/jobs\/j-/);
    });

    it("is named in the problem when nothing at all fits", async () => {
      fill();
      const job = await bench.run({ "main.sh": "echo ran\n" });
      assert.ok(job.cause?.kind === "not-started", JSON.stringify(job.cause));
      assert.equal(job.cause.code, "host-disk-full", job.cause.detail);
    });

    it("does not cost a job its exit code, nor its log's length, when the job fills it", async () => {
      const script = "echo before; cat /dev/zero >ballast; echo after; exit 5\n";
      const job = await bench.run({ "main.sh": script }, { timeoutMs: 60_000 });
      assert.equal(job.exitCode, 5, JSON.stringify(job));
      assert.match((await bench.logOf(job.id)).toString(), /^before\n/);
      assert.notEqual(job.logSha256, null);
    });

    it("does not cost a cancelled or timed-out job the reason of its end", async () => {
      const script = "cat /dev/zero >ballast; echo full; while :; do sleep 0.1; done\n";
      const timed = await bench.run({ "main.sh": script }, { timeoutMs: 1_000 });
      assert.deepEqual(timed.cause, { kind: "time-limit", limitMs: 1_000 });
      execFileSync("rm", ["-rf", bench.directoryOf(timed.id)]);
      const { job, spec, archive } = bench.place({
        "main.sh": "echo up; cat /dev/zero >ballast; while :; do sleep 0.1; done\n",
      });
      await bench.dispatcher.start(job, spec, archive());
      await until(() => isFull(home), "the disk is full");
      await bench.dispatcher.cancel(bench.jobs.must(job.id), "ada");
      const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
      assert.deepEqual(end.cause, { kind: "cancelled", by: "ada" });
    });
  });

function isFull(directory: string): boolean {
  const figures = execFileSync("df", ["-P", "-k", directory], { encoding: "utf8" }).trim().split("\n")[1];
  return figures?.split(/\s+/)[3] === "0";
}
