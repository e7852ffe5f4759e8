import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ProbeFrames } from "../../protocol/probe/probeFrames.ts";
import { probeScript } from "../../protocol/probe/probeScript.ts";
import type { HostReading } from "../../protocol/reading.ts";
import { playedReadings } from "../support/playedReadings.ts";
import { writeAmdSysfs, type SysfsGpu } from "../support/amdSysfs.ts";
import { aProbeSandbox, until, type ProbeSandbox } from "./probeSandbox.ts";

const nonce = "00112233";
const ids = fileURLToPath(new URL("../fixtures/probe/amdgpu.ids", import.meta.url));
const card: SysfsGpu = {
  ...{ pciAddress: "0000:03:00.0", device: "0x744c", revision: "0xc8", kfdId: 30_381, busyPct: 37 },
  ...{
    vramTotalBytes: 25_753_026_560,
    vramUsedBytes: 8_794_341_376,
    gttTotalBytes: 67e9,
    gttUsedBytes: 27e6,
  },
  ...{ milliC: 49_000, microW: 19_000_000, errors: { umc: 0 } },
};
const inside: SysfsGpu = {
  ...{ pciAddress: "0001:c4:00.1", device: "0x1586", revision: "0xc1", kfdId: 777, busyPct: 12 },
  ...{ vramTotalBytes: 536_870_912, vramUsedBytes: 2e8, gttTotalBytes: 103_079_215_104, gttUsedBytes: 27e6 },
  ...{ milliC: 41_500, microW: 7_222_000 },
};
const server: SysfsGpu = {
  ...{ pciAddress: "0000:83:00.0", device: "0x74a1", revision: "0x00", productName: "AMD Instinct MI300X" },
  ...{ vramTotalBytes: 206_141_652_992, vramUsedBytes: 3e8, gttTotalBytes: 1e12, gttUsedBytes: 0 },
  ...{ milliC: 36_000, microW: 239_000_000, errors: { gfx: 0, umc: 2, sdma: 1 } },
};

describe("probe of a host with GPUs of AMD", () => {
  let sandbox: ProbeSandbox;
  let sys: string;
  afterEach(() => sandbox.end());

  /** Starts the script on the sandbox, with the shells' files of the driver; gives its readings so far. */
  async function readings(): Promise<() => HostReading[]> {
    const script = probeScript({ nonce, everyS: 1, sysRoot: sys, amdLists: [ids] });
    const said = await sandbox.run(script);
    return () => {
      const frames = new ProbeFrames({ hostId: "h-1", nonce, cadenceMs: 1_000, startedAtMs: 19_000 });
      return playedReadings(frames, said(), 19_000);
    };
  }
  function aHost(shell: readonly string[], gpus: string | null = null): void {
    sandbox = aProbeSandbox({ gpus, shell });
    sys = join(sandbox.dir, "sys");
  }

  for (const shell of [["dash"], ["busybox", "sh"], ["bash", "--posix"]])
    it(`has names, figures and who computes, without a tool, under ${shell.join(" ")}`, async () => {
      aHost(shell);
      writeAmdSysfs(
        sys,
        [card, inside, server],
        [
          { pid: process.pid, kfdId: 30_381, bytes: 8e9 },
          { pid: process.pid, kfdId: 777, bytes: 0 },
        ],
      );
      const now = await readings();
      await until("a reading", () => now().length > 0);
      const { gpus, gpuProblem } = now().at(-1)!;
      assert.equal(gpuProblem, null);
      assert.deepEqual(
        gpus.map(({ uuid, name, vendor }) => [uuid, name, vendor]),
        [
          ["pci:0000:03:00.0", "AMD Radeon RX 7900 XTX", "amd"],
          ["pci:0000:83:00.0", "AMD Instinct MI300X", "amd"],
          ["pci:0001:c4:00.1", "AMD Radeon 8060S Graphics", "amd"],
        ],
      );
      assert.deepEqual(
        gpus.map((gpu) => [gpu.utilizationPct, gpu.memoryUsedBytes, gpu.temperatureC, gpu.powerW]),
        [
          [{ value: 37 }, { value: 8_794_341_376 }, { value: 49 }, { value: 19 }],
          [{ unsupported: "not-supported" }, { value: 3e8 }, { value: 36 }, { value: 239 }],
          [{ value: 12 }, { value: 227e6 }, { value: 41.5 }, { value: 7.222 }],
        ],
      );
      assert.deepEqual(
        gpus.map(({ memoryKind }) => memoryKind),
        ["dedicated", "dedicated", "unified"],
      );
      assert.deepEqual(
        gpus.map(({ health }) => (health.kind === "fault" ? health.reasons[0]?.text : health.kind)),
        ["ok", "3 memory errors that could not be corrected since its driver was loaded", "unknown"],
      );
      const [busy, unknown, free] = gpus.map(({ occupancy }) => occupancy);
      assert.ok(busy?.kind === "busy");
      assert.deepEqual(
        busy.processes.map(({ pid, memoryBytes, user }) => [pid, memoryBytes, user]),
        [[process.pid, { value: 8e9 }, userInfo().username]],
      );
      assert.deepEqual(unknown, { kind: "unknown", reason: "not-supported" });
      assert.deepEqual(free, { kind: "free" });
    }).timeout(20_000);

  it("asks nothing of one that sleeps, and says that one is lost which was there", async () => {
    aHost(["dash"]);
    writeAmdSysfs(sys, [card, { ...server, runtimeStatus: "suspended" }]);
    // A read of any of these would wait for ever.
    const sleeper = join(sys, "bus/pci/drivers/amdgpu", server.pciAddress);
    for (const name of [
      "product_name",
      "mem_info_vram_used",
      "mem_info_gtt_used",
      "hwmon/hwmon4/temp1_input",
    ]) {
      rmSync(join(sleeper, name));
      execFileSync("mkfifo", [join(sleeper, name)]);
    }
    const now = await readings();
    await until("a reading", () => now().length > 0);
    const first = now().at(-1)!;
    assert.deepEqual(first.gpuProblem, { code: "gpu-asleep", detail: server.pciAddress });
    assert.deepEqual(first.gpus[1]?.memoryUsedBytes, { unsupported: "not-measured" });
    rmSync(join(sys, "bus/pci/drivers/amdgpu", card.pciAddress), { recursive: true });
    await until("the loss", () => now().at(-1)?.gpuProblem?.code === "gpu-lost");
    assert.deepEqual(now().at(-1)?.gpus[0]?.utilizationPct, { unsupported: "fault" });
  }).timeout(20_000);

  it("asks one that can sleep and has nothing to do no more often than every 15 s", async () => {
    aHost(["dash"]);
    const idle = { ...card, busyPct: 0, control: "auto" as const };
    writeAmdSysfs(sys, [idle]);
    const script = probeScript({ nonce, everyS: 1, sysRoot: sys, amdLists: [ids] });
    const said = await sandbox.run(script);
    await until("a sample", () => /^D - end 15$/m.test(said()));
    await until("three ticks", () => (said().match(/^T$/gm) ?? []).length >= 3);
    assert.equal((said().match(/^D .* at /gm) ?? []).length, 1);
  }).timeout(20_000);

  it("goes on with the rest while the driver does not answer, and starts no second shell on it", async () => {
    aHost(["dash"]);
    writeAmdSysfs(sys, [card]);
    const device = join(sys, "bus/pci/drivers/amdgpu", card.pciAddress);
    rmSync(join(device, "gpu_busy_percent"));
    execFileSync("mkfifo", [join(device, "gpu_busy_percent")]);
    const said = await sandbox.run(probeScript({ nonce, everyS: 1, sysRoot: sys, amdLists: [ids] }));
    await until("three ticks", () => (said().match(/^T$/gm) ?? []).length >= 3);
    assert.doesNotMatch(said(), /^D - end/m);
    await sandbox.end();
    // A shell that hangs there is seen by the next one.
    aHost(["dash"]);
    writeAmdSysfs(sys, [card]);
    const proc = join(sandbox.dir, "proc");
    mkdirSync(join(proc, "4711"), { recursive: true });
    for (const name of ["self", "4712"]) mkdirSync(join(proc, name));
    writeFileSync(join(proc, "self/status"), "Name:\tsh\nUid:\t1000\t1000\t1000\t1000\n");
    writeFileSync(join(proc, "4711/stat"), "4711 (sh) D 1 4711 4711 0 -1\n");
    writeFileSync(join(proc, "4711/status"), "Name:\tsh\nUid:\t1000\t0\t0\t0\n");
    // That of somebody else, as on a file system that is gone, says nothing of the driver.
    writeFileSync(join(proc, "4712/stat"), "4712 (sh) D 1 4712 4712 0 -1\n");
    writeFileSync(join(proc, "4712/status"), "Name:\tsh\nUid:\t1001\t1001\t1001\t1001\n");
    const next = await sandbox.run(
      probeScript({ nonce, everyS: 1, sysRoot: sys, procRoot: proc, restartS: 1, amdLists: [ids] }),
    );
    await until("the notice", () => /^D - wedged$/m.test(next()));
    assert.doesNotMatch(next(), /^D - end/m);
    rmSync(join(proc, "4711"), { recursive: true });
    await until("figures", () => /^D - end 1$/m.test(next()));
  }).timeout(30_000);

  it("has those of both makers on one machine", async () => {
    aHost(["dash"], "rtx-box");
    writeAmdSysfs(sys, [card]);
    const now = await readings();
    await until("both", () => now().some(({ gpus }) => gpus.length === 2));
    const { gpus } = now().find((reading) => reading.gpus.length === 2)!;
    assert.deepEqual(
      gpus.map(({ vendor }) => vendor),
      ["nvidia", "amd"],
    );
    assert.ok(gpus.every(({ utilizationPct }) => "value" in utilizationPct));
  }).timeout(20_000);
});
