import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import type { JobRecord } from "../../protocol/job.ts";
import type { LabHost } from "../lab/labHost.ts";
import { startLab, type Lab } from "../lab/startLab.ts";
import { createDispatchBench, type DispatchBench } from "../support/dispatchBench.ts";
import { until } from "../support/until.ts";
import { aPool, targetOf, type PoolFixture } from "./sshPoolFixture.ts";

const counting = `echo run >>"$HOME/runs"
i=0; while [ $i -lt 300 ]; do printf '%s %0500d\\n' "$i" "$i"; i=$((i+1)); done
while [ ! -e "$HOME/go" ]; do sleep 0.05; done
while [ $i -lt 600 ]; do printf '%s %0500d\\n' "$i" "$i"; i=$((i+1)); done
exit 7
`;
const countingLog = Array.from(
  { length: 600 },
  (_, index) => `${index} ${String(index).padStart(500, "0")}\n`,
).join("");

describe("dispatch over SSH", function () {
  this.timeout(60_000);
  let dir = "";
  let lab: Lab;
  let fixture: PoolFixture;
  let bench: DispatchBench;

  before(async () => {
    dir = await mkdtemp(join(os.tmpdir(), "hwl-dispatch-ssh-"));
    lab = await startLab({
      dir: join(dir, "lab"),
      hosts: [
        { name: "plain", loginShell: "dash" },
        { name: "fishy", loginShell: "fish", rcText: "echo -n fish speaks\n" },
        { name: "chatty", rcText: "echo rc speaks; printf 'half a line' >&2\n" },
        { name: "tiny", loginShell: "ash", userland: "busybox", interpreters: [] },
      ],
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

  function on(name: string): LabHost {
    const host = lab.host(name);
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile });
    bench = createDispatchBench({ target: targetOf(host), wrap: () => fixture.pool });
    return host;
  }
  const ended = (id: JobRecord["id"]): Promise<JobRecord> =>
    bench.jobs.until(id, (job) => job.endedAtMs !== null, 30_000);
  const clean = (host: LabHost): Promise<unknown> => host.run(["sh", "-c", 'rm -f "$HOME/runs" "$HOME/go"']);
  const followers = async (host: LabHost): Promise<string> =>
    (await host.run(["sh", "-c", "ps -o args 2>/dev/null -A || ps -o args"], { as: "root" })).stdout
      .split("\n")
      .filter((line) => line.startsWith("tail "))
      .join();

  for (const name of ["plain", "fishy", "chatty", "tiny"])
    it(`runs a job on ${name} and brings its log and exit code`, async () => {
      const host = on(name);
      const job = await bench.run(
        { "dir x/main.sh": 'echo "$1"; exit 3\n' },
        { script: "dir x/main.sh", args: ["a 'b'\n$c"] },
      );
      assert.equal(job.exitCode, 3, JSON.stringify(job.cause));
      assert.equal((await bench.logOf(job.id)).toString(), "a 'b'\n$c\n");
      assert.equal(job.directory, join(host.home, ".hwledger", "jobs", job.id, "work", "dir x"));
      await until(async () => (await followers(host)) === "", "no tail is left on the host");
    });

  for (const name of ["plain", "tiny"])
    it(`survives on ${name} the loss of every connection, more than once, and ran once`, async () => {
      const host = on(name);
      await clean(host);
      const { job, spec, archive } = bench.place({ "main.sh": counting });
      await bench.dispatcher.start(job, spec, archive());
      for (const bytes of [1, 70_000]) {
        await until(() => bench.logs.size(job.id) >= bytes, `${bytes} bytes are held`);
        await host.cutConnections();
      }
      await host.stop();
      await bench.jobs.until(job.id, (now) => now.contact.kind === "lost");
      await host.run(["sh", "-c", 'touch "$HOME/go"']);
      await host.start();
      const end = await ended(job.id);
      assert.equal(end.exitCode, 7, JSON.stringify(end.cause));
      assert.equal((await bench.logOf(job.id)).toString(), countingLog);
      assert.equal(end.logSha256, createHash("sha256").update(countingLog).digest("hex"));
      assert.equal((await host.run(["sh", "-c", 'cat "$HOME/runs"'])).stdout, "run\n");
      await until(async () => (await followers(host)) === "", "no tail is left on the host");
    });

  it("calls a reboot a reboot", async () => {
    const host = on("plain");
    const { job, spec, archive } = bench.place({ "main.sh": "echo up; sleep 600\n" });
    await bench.dispatcher.start(job, spec, archive());
    await until(() => bench.logs.size(job.id) === 3, "it is up");
    await host.reboot();
    const end = await ended(job.id);
    assert.equal(end.state, "failed");
    assert.deepEqual(end.cause, { kind: "reboot" });
    assert.equal((await bench.logOf(job.id)).toString(), "up\n");
  });

  it("cancels over SSH with everything the job started", async () => {
    const host = on("tiny");
    const { job, spec, archive } = bench.place({ "main.sh": "sleep 604 & sleep 605 & echo up; wait\n" });
    await bench.dispatcher.start(job, spec, archive());
    await until(() => bench.logs.size(job.id) === 3, "it is up");
    await bench.dispatcher.cancel(bench.jobs.must(job.id), "ada");
    assert.deepEqual((await ended(job.id)).cause, { kind: "cancelled", by: "ada" });
    const left = (await host.run(["sh", "-c", "ps -o args"], { as: "root" })).stdout;
    assert.doesNotMatch(left, /sleep 60[45]/);
  });

  it("ends a start on a host that is down with what is wrong", async () => {
    const host = on("plain");
    await host.stop();
    const { job, spec, archive } = bench.place({ "main.sh": "echo up\n" });
    const end = await bench.dispatcher.start(job, spec, archive());
    await host.start();
    assert.ok(end.cause?.kind === "not-started", JSON.stringify(end.cause));
    assert.equal(end.cause.code, "host-unreachable");
  });
});
