import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { runCommand } from "../lab/runCommand.ts";
import { startFleetFixture, type FleetFixture } from "../support/startFleetFixture.ts";

/** Writes blocks of bytes of every value until told to stop by a file, notes each run, and ends with 7. */
const writer = `import os, sys, time
home = os.path.expanduser("~")
with open(home + "/runs", "a") as runs:
    runs.write(os.environ["HWLEDGER_JOB_ID"] + "\\n")
block = bytes(range(256)) * 16
n = 0
while not os.path.exists(home + "/finish"):
    os.write(1, n.to_bytes(4, "big") + block)
    n += 1
    time.sleep(0.002)
os.write(2, b"blocks %d\\n" % n)
sys.exit(7)
`;

const blockBytes = 4 + 4096;

function expectedLog(log: Buffer): Buffer {
  const blocks = Math.floor(log.length / blockBytes);
  const body = Buffer.from(Array.from({ length: 4096 }, (_, at) => at % 256));
  const parts: Buffer[] = [];
  for (let n = 0; n < blocks; n++) {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(n);
    parts.push(head, body);
  }
  parts.push(Buffer.from(`blocks ${blocks}\n`));
  return Buffer.concat(parts);
}

describe("a running job survives", function () {
  this.timeout(120_000);
  let fleet: FleetFixture;

  before(async () => {
    fleet = await startFleetFixture([
      { name: "box" },
      { name: "small", userland: "busybox", interpreters: ["python3"] },
    ]);
    await writeFile(join(fleet.scripts, "writer.py"), writer);
  });
  after(() => fleet.stop());

  async function startWriter(host: string): Promise<JobRecord> {
    const job = await dispatchFile(fleet.client, {
      file: join(fleet.scripts, "writer.py"),
      host,
      workspace: "script",
    });
    return fleet.jobWhen(job.id, "some of its log is here", (now) => now.logBytes > 10 * blockBytes);
  }

  async function assertWhole(host: string, job: JobRecord): Promise<void> {
    const labHost = fleet.lab.host(host);
    await writeFile(join(labHost.homeOnDisk, "finish"), "");
    const ended = await fleet.ended(job.id, 60_000);
    assert.equal(ended.state, "failed");
    assert.equal(ended.exitCode, 7);
    assert.deepEqual(ended.cause, { kind: "exited", code: 7 });
    const log = await fleet.log(job.id);
    const onHost = await readFile(join(labHost.homeOnDisk, ".hwledger/jobs", job.id, "log"));
    assert.ok(log.equals(onHost), `${log.length} bytes here, ${onHost.length} on the host`);
    assert.ok(log.equals(expectedLog(log)), "the log is what the job wrote");
    assert.equal(ended.logBytes, log.length);
    assert.equal(ended.logSha256, createHash("sha256").update(log).digest("hex"));
    const runs = (await readFile(join(labHost.homeOnDisk, "runs"), "utf8")).split("\n");
    assert.equal(runs.filter((id) => id === job.id).length, 1, "it ran once");
    await fleet.lab.host(host).run(["rm", `${labHost.home}/finish`]);
  }

  for (const host of ["box", "small"]) {
    it(`kill -9 of the service, on ${host}`, async () => {
      const job = await startWriter(host);
      await fleet.killService();
      await fleet.startServiceAgain();
      await assertWhole(host, job);
    });

    it(`the loss of every connection, again and again, on ${host}`, async () => {
      const job = await startWriter(host);
      for (let round = 0; round < 3; round++) {
        const { logBytes } = await fleet.job(job.id);
        await fleet.lab.host(host).cutConnections();
        await fleet.jobWhen(job.id, "the log goes on", (now) => now.logBytes > logBytes + 20 * blockBytes);
      }
      await assertWhole(host, job);
    });

    it(`both at once, with the host away while the service starts, on ${host}`, async () => {
      const job = await startWriter(host);
      await fleet.killService();
      await fleet.lab.host(host).stop();
      await fleet.startServiceAgain();
      const lost = await fleet.jobWhen(job.id, "contact is lost", (now) => now.contact.kind === "lost");
      assert.equal(lost.state, "running", "no end is claimed without evidence");
      await fleet.lab.host(host).start();
      await assertWhole(host, job);
    });
  }

  it("its own end while the service is dead", async () => {
    const job = await startWriter("box");
    await fleet.killService();
    const box = fleet.lab.host("box");
    await writeFile(join(box.homeOnDisk, "finish"), "");
    const exitFile = join(box.homeOnDisk, ".hwledger/jobs", job.id, "exit");
    await fleet.lab
      .host("box")
      .run(["sh", "-c", `while [ ! -e ${box.home}/.hwledger/jobs/${job.id}/exit ]; do sleep 0.1; done`]);
    const [code, , , , lasted] = (await readFile(exitFile, "utf8")).trim().split(" ");
    assert.equal(code, "7");
    const lastedMs = Number(lasted) * 10;
    await fleet.startServiceAgain();
    await assertWhole("box", job);
    const { startedAtMs, endedAtMs } = await fleet.job(job.id);
    // No clock of ours decides: the service heard of the start some time after it, and adds to that what its host measured.
    assert.ok(lastedMs > 0 && endedAtMs! - startedAtMs! === lastedMs, "it ended when its host says");
    assert.ok(startedAtMs! <= job.startedAtMs!, "it began no later than was known while it ran");
  });

  it("with its environment, which no file holds once it runs, neither here nor there", async () => {
    const secret = "s3cret-value-of-a-test";
    const file = join(fleet.scripts, "secret.sh");
    await writeFile(
      file,
      'test -n "$SECRET" && echo has it; while [ ! -e ~/finish ]; do sleep 0.1; done; exit 7\n',
    );
    const job = await dispatchFile(fleet.client, {
      file,
      host: "box",
      workspace: "script",
      env: { SECRET: secret },
    });
    await fleet.jobWhen(job.id, "its first line is here", (now) => now.logBytes > 0);
    const box = fleet.lab.host("box");
    const there = await box.run(["grep", "-rl", secret, `${box.home}/.hwledger`]);
    assert.equal(there.stdout, "");
    const here = await runCommand(["grep", "-rl", secret, join(fleet.dir, "fleet")]);
    assert.equal(here.stdout, "");
    await fleet.client.call("cancelJob", { params: { job: job.id } });
    const ended = await fleet.ended(job.id);
    assert.equal(ended.state, "cancelled");
    assert.equal((await fleet.log(job.id)).toString(), "has it\n");
  });

  it("and the ledger holds afterwards, with each job's end in it once", async () => {
    const verdict = await fleet.client.call("verifyLedger");
    assert.equal(verdict.ok, true);
    const { events } = await fleet.client.call("listLedger", { query: { limit: 1000 } });
    const { jobs } = await fleet.client.call("listJobs");
    assert.ok(jobs.length >= 8);
    for (const job of jobs) {
      const types = events.filter((event) => event.payload["jobId"] === job.id).map((event) => event.type);
      const end = job.state === "cancelled" ? ["job.cancel-requested", "job.cancelled"] : ["job.failed"];
      assert.deepEqual(types, ["job.queued", "job.placed", "job.syncing", "job.running", ...end]);
    }
  });

  it("not: a host that was restarted ends it, and says so", async () => {
    const job = await startWriter("box");
    await fleet.lab.host("box").reboot();
    const ended = await fleet.ended(job.id, 60_000);
    assert.equal(ended.state, "failed");
    assert.equal(ended.exitCode, null);
    assert.deepEqual(ended.cause, { kind: "reboot" });
  });
});
