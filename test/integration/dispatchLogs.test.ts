import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobSpec } from "../../protocol/job.ts";
import { createLogStore } from "../../service/dispatch/createLogStore.ts";
import { assertMayMount } from "../support/assertMayMount.ts";
import { createDispatchBench, type DispatchBench } from "../support/dispatchBench.ts";
import { until } from "../support/until.ts";

describe("the log of a job", function () {
  this.timeout(60_000);
  let bench: DispatchBench;
  beforeEach(() => {
    bench = createDispatchBench();
  });
  afterEach(() => bench.end());
  const python: JobSpec["launch"] = { kind: "path", path: "python3", flags: [] };

  it("of 50 MB arrives byte for byte", async () => {
    const script = `import hashlib, sys
line = hashlib.sha256(b"seed").digest() * 1024
for index in range(1600):
    sys.stdout.buffer.write(index.to_bytes(4, "big") + line)
`;
    const job = await bench.run({ "main.py": script }, { script: "main.py", launch: python });
    const line = Buffer.concat(
      Array.from({ length: 1024 }, () => createHash("sha256").update("seed").digest()),
    );
    const expected = createHash("sha256");
    for (let index = 0; index < 1_600; index++) {
      const number = Buffer.alloc(4);
      number.writeUInt32BE(index);
      expected.update(number).update(line);
    }
    assert.equal(job.logBytes, 1_600 * (32 * 1_024 + 4));
    assert.equal(job.logSha256, expected.digest("hex"));
  });

  it("shows what Python prints at once, unbuffered", async () => {
    const script = "import time, os\nprint('first')\nwhile not os.path.exists('go'): time.sleep(0.02)\n";
    const { job, spec, archive } = bench.place({ "main.py": script }, { script: "main.py", launch: python });
    await bench.dispatcher.start(job, spec, archive());
    await until(() => bench.logs.size(job.id) === 6, "the first line is there while the job runs");
    writeFileSync(join(bench.directoryOf(job.id), "work/go"), "");
    await bench.jobs.until(job.id, (now) => now.state === "succeeded");
  });

  it("reaches a follower from its first byte to its end", async () => {
    const { job, spec, archive } = bench.place({
      "main.sh": "for i in 1 2 3; do echo $i; sleep 0.05; done\n",
    });
    const parts: Buffer[] = [];
    const following = (async () => {
      for await (const part of bench.logs.follow(job.id, 0, new AbortController().signal)) parts.push(part);
    })();
    await bench.dispatcher.start(job, spec, archive());
    await following;
    assert.equal(Buffer.concat(parts).toString(), "1\n2\n3\n");
  });

  it("that the job itself truncated and removed does not keep it from ending", async () => {
    const script =
      'yes | head -c 300000; : >"$HOME/.hwledger/jobs/$HWLEDGER_JOB_ID/log"; yes | head -c 900000; rm "$HOME/.hwledger/jobs/$HWLEDGER_JOB_ID/log"\n';
    const job = await bench.run({ "main.sh": script });
    assert.equal(job.state, "succeeded");
  });

  it("survives the service's disk being full: nothing is lost, and the record says whose disk it is", async function () {
    assertMayMount();
    const disk = mkdtempSync(join(tmpdir(), "hwledger-mirror-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", disk]);
    const full = createDispatchBench({
      limits: { backoffMinMs: 50, backoffMaxMs: 5_000 },
      log: () => undefined,
      makeLogs: (isComplete) => createLogStore({ directory: join(disk, "logs"), isComplete }),
    });
    try {
      const { job, spec, archive } = full.place({ "main.sh": "yes 0123456789 | head -c 500000; exit 2\n" });
      await full.dispatcher.start(job, spec, archive());
      const stalled = await full.jobs.until(job.id, (now) => Boolean(now.logStall));
      assert.match(stalled.logStall!.reason, /disk of the service's machine is full \(ENOSPC\)/);
      assert.equal(stalled.contact.kind, "ok");
      assert.equal(stalled.state, "running");
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      assert.ok(full.shells.opened <= 9, `the pauses grow: ${full.shells.opened} shells in 1.5 s`);
      execFileSync("mount", ["-o", "remount,size=4m", disk]);
      const end = await full.jobs.until(job.id, (now) => now.endedAtMs !== null);
      assert.equal(end.exitCode, 2);
      assert.equal(end.logStall, null);
      const log = await full.logOf(job.id);
      assert.equal(log.toString(), "0123456789\n".repeat(50_000).slice(0, 500_000));
      assert.equal(end.logSha256, createHash("sha256").update(log).digest("hex"));
    } finally {
      await full.end();
      execFileSync("umount", ["-l", disk]);
      rmdirSync(disk);
    }
  });
});
