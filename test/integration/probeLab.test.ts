import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { hostStatus } from "../../protocol/hostStatus.ts";
import type { Metric } from "../../protocol/metric.ts";
import type { HostReading } from "../../protocol/reading.ts";
import type { LabHost } from "../lab/labHost.ts";
import { standardHosts } from "../lab/standardHosts.ts";
import { startLab, type Lab } from "../lab/startLab.ts";
import { aProber, until, type ProberFixture } from "./probeSandbox.ts";
import { aPool, targetOf, type PoolFixture } from "./sshPoolFixture.ts";

const mib = 1024 * 1024;
const names = ["rtx-box", "h100-node", "cpu-box", "spark", "t4-busybox", "stale-a10"];

describe("probe of real sshd hosts", function () {
  this.timeout(60_000);
  let dir = "";
  let lab: Lab;
  let ssh: PoolFixture;
  let fixture: ProberFixture;

  before(async () => {
    dir = await mkdtemp(join(os.tmpdir(), "hwl-probe-"));
    const hosts = standardHosts.filter((host) => names.includes(host.name));
    lab = await startLab({ dir: join(dir, "lab"), hosts });
    ssh = aPool({ home: dir, configFile: lab.sshConfigFile });
    fixture = aProber(ssh.pool, { lingerMs: 0 });
    for (const name of names) fixture.prober.watch(targetOf({ name }).id);
    fixture.prober.setHosts(names.map((name) => ({ target: targetOf({ name }), probe: "on" })));
  });
  after(async () => {
    await fixture.prober.stop();
    ssh.pool.close();
    await lab.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const latest = (name: string) => fixture.prober.latest(targetOf({ name }).id);
  const statusOf = (name: string) =>
    hostStatus(fixture.prober.signals(targetOf({ name }).id), Date.now()).kind;
  const readingOf = (name: string, fits: (reading: HostReading) => boolean = () => true) =>
    until(`a reading of ${name}`, () => {
      const reading = latest(name);
      return reading !== null && fits(reading) ? reading : null;
    });
  const cell = (value: number | null, scale = 1): Metric | null =>
    value === null ? null : { value: value * scale };

  for (const name of ["rtx-box", "h100-node", "t4-busybox"]) {
    it(`shows the figures of ${name}`, async () => {
      const reading = await readingOf(name, (r) => "value" in r.cpuPct && "value" in r.diskTotalBytes);
      const host = lab.host(name);
      assert.deepEqual(
        reading.gpus.map((gpu) => [
          gpu.uuid,
          gpu.name,
          gpu.utilizationPct,
          gpu.memoryUsedBytes,
          gpu.memoryTotalBytes,
        ]),
        host.gpus.map((gpu) => [
          gpu.uuid,
          gpu.name,
          cell(gpu.utilizationPct),
          cell(gpu.memoryUsedMib, mib),
          cell(gpu.memoryTotalMib, mib),
        ]),
      );
      assert.equal(reading.gpuProblem, null);
      assert.equal(reading.bootId, host.bootId);
      assert.equal(reading.machineId, host.machineId);
      assert.equal(statusOf(name), "online");
    });
  }

  it("shows unified memory, a broken driver and a host without GPU for what they are", async () => {
    const spark = await readingOf("spark");
    assert.deepEqual(spark.gpus[0]?.memoryTotalBytes, { unsupported: "unified" });
    assert.equal((await readingOf("stale-a10")).gpuProblem?.code, "version-mismatch");
    const plain = await readingOf("cpu-box");
    assert.deepEqual([plain.gpus, plain.gpuProblem], [[], null]);
  });

  it("shows rewritten figures within a tick", async () => {
    await readingOf("rtx-box");
    const { gpuFiles, gpus } = lab.host("rtx-box");
    gpuFiles.update(gpus[0]?.uuid ?? "", { "utilization.gpu": "77" });
    const changedAtMs = Date.now();
    await readingOf("rtx-box", ({ gpus: [gpu] }) => JSON.stringify(gpu?.utilizationPct) === '{"value":77}');
    assert.ok(Date.now() - changedAtMs < 2_500, `it took ${Date.now() - changedAtMs} ms`);
  });

  it("calls a frozen host late, shows nothing new of it, and is back when it thaws", async () => {
    await readingOf("cpu-box");
    const host = lab.host("cpu-box");
    await host.freeze();
    try {
      await until("late", () => statusOf("cpu-box") === "late", 20_000);
      const atMs = latest("cpu-box")?.atMs ?? 0;
      assert.ok(Date.now() - atMs > 4_000, "a reading of a frozen host");
    } finally {
      await host.thaw();
    }
    await until("online again", () => statusOf("cpu-box") === "online", 30_000);
  });

  it("calls a host that is down unreachable, and finds it again", async () => {
    await readingOf("spark");
    const host = lab.host("spark");
    await host.stop();
    await until("unreachable", () => statusOf("spark") === "unreachable", 20_000);
    await host.start();
    await until("online again", () => statusOf("spark") === "online", 30_000);
  });

  it("leaves nothing on any host, not even a tool that hangs", async () => {
    const busy = lab.host("h100-node");
    await readingOf("h100-node");
    assert.ok((await probeProcesses(busy)).some((line) => line.includes("--query-gpu")));
    lab.host("rtx-box").gpuFiles.hangTool();
    await readingOf("rtx-box", (r) => r.gpuProblem !== null);
    await fixture.prober.stop();
    for (const name of names) {
      const deadlineMs = Date.now() + 10_000;
      let left = await probeProcesses(lab.host(name));
      while (left.length > 0 && Date.now() < deadlineMs) left = await probeProcesses(lab.host(name));
      assert.deepEqual(left, [], name);
    }
  });
});

/** Processes of a host that only a probe starts. */
async function probeProcesses(host: LabHost): Promise<string[]> {
  const list = 'for f in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$f"; echo; done 2>/dev/null';
  const { stdout } = await host.run(["/bin/sh", "-c", list]);
  return stdout
    .split("\n")
    .filter((line) => /--query-|^(\/bin\/)?sh -s|^sleep (1|15|30|60|3600) /.test(line));
}
