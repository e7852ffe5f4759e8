import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { unowned } from "../../protocol/probe/processOwners.ts";
import { hostStatus } from "../../protocol/hostStatus.ts";
import { probeScript } from "../../protocol/probe/probeScript.ts";
import { aProbeSandbox, localTarget, until, type ProbeSandbox } from "./probeSandbox.ts";

const mib = 1024 * 1024;

/** The tools that read figures at this moment. */
const figureTools = (sandbox: ProbeSandbox): string[] =>
  sandbox.processes().filter((line) => line.includes("--query-gpu"));

describe("probe of a host", () => {
  let sandbox: ProbeSandbox;
  afterEach(() => sandbox.end());

  for (const shell of [["dash"], ["busybox", "sh"], ["bash", "--posix"]]) {
    it(`reads all figures under ${shell.join(" ")} and leaves nothing running`, async () => {
      sandbox = aProbeSandbox({ gpus: "h100-node", shell });
      const { reading, prober } = sandbox.watch();
      const first = await reading("a reading", () => true);
      const lab = sandbox.gpuFiles.read();
      assert.deepEqual(
        first.gpus.map((gpu) => [
          gpu.uuid,
          gpu.utilizationPct,
          gpu.memoryUsedBytes,
          gpu.temperatureC,
          gpu.powerW,
        ]),
        lab.map((gpu) => [
          gpu.uuid,
          { value: gpu.utilizationPct },
          { value: (gpu.memoryUsedMib ?? Number.NaN) * mib },
          { value: gpu.temperatureC },
          { value: gpu.powerW },
        ]),
      );
      assert.deepEqual(
        first.gpus.map((gpu) => gpu.occupancy.kind),
        ["busy", "busy", "busy", "busy", "busy", "free", "free", "free"],
      );
      assert.ok(first.gpus.every(({ health, throttle }) => health.kind === "ok" && throttle?.length === 0));
      assert.equal(first.gpuProblem, null);
      const second = await reading("CPU and disk", (r) => "value" in r.cpuPct && "value" in r.diskTotalBytes);
      assert.ok("value" in second.memoryTotalBytes && "value" in second.uptimeS);
      assert.match(second.os ?? "", /Linux/);
      assert.equal(hostStatus(prober.signals(localTarget.id), Date.now()).kind, "online");
      // A tool that has just forked is there twice for a moment.
      await until("one tool for the figures", () => figureTools(sandbox).length === 1);
    }).timeout(20_000);
  }

  it("lets a process come and go", async () => {
    sandbox = aProbeSandbox({ gpus: "rtx-box" });
    const { reading, readings } = sandbox.watch();
    await reading("free", ({ gpus: [gpu] }) => gpu?.occupancy.kind === "free");
    const uuid = sandbox.gpuFiles.read()[0]?.uuid ?? "";
    sandbox.gpuFiles.setApps([{ uuid, pid: 4711, usedMib: "[N/A]", processName: "/opt/my apps/train, v2" }]);
    const busy = await reading("busy", ({ gpus: [gpu] }) => gpu?.occupancy.kind === "busy");
    assert.deepEqual(busy.gpus[0]?.occupancy, {
      kind: "busy",
      processes: [
        unowned({ pid: 4711, name: "/opt/my apps/train, v2", memoryBytes: { unsupported: "not-supported" } }),
      ],
    });
    sandbox.gpuFiles.setApps([]);
    await until("free again", () => readings.at(-1)?.gpus[0]?.occupancy.kind === "free");
  }).timeout(30_000);

  for (const shell of [["dash"], ["busybox", "sh"], ["bash", "--posix"]])
    it(`says whose a process is, of a job of ours or not, under ${shell.join(" ")}`, async () => {
      sandbox = aProbeSandbox({ gpus: "rtx-box", shell });
      const jobId = "j-0123456789abcdef";
      const job = spawn("sleep", ["60"], {
        env: { ...process.env, HWLEDGER_JOB_ID: jobId },
        stdio: "ignore",
      });
      // Another's only where tests may start processes for others.
      const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
      const stranger = spawn("sleep", ["60"], { env: { A: "1" }, stdio: "ignore", ...nobody });
      try {
        const uuid = sandbox.gpuFiles.read()[0]?.uuid ?? "";
        const app = (pid: number, processName: string) => ({ uuid, pid, usedMib: 100, processName });
        sandbox.gpuFiles.setApps([
          app(job.pid!, "sleep"),
          app(stranger.pid!, "/usr/bin/sleep"),
          app(process.pid, "/opt/other, v2"),
        ]);
        const { reading } = sandbox.watch({ isJobOn: (_, id) => id === jobId });
        const { gpus, atMs } = await reading("three, and the job", ({ gpus: [gpu] }) => {
          if (gpu?.occupancy.kind !== "busy" || gpu.occupancy.processes.length !== 3) return false;
          return gpu.occupancy.processes.some((one) => one.jobId !== null);
        });
        assert.ok(gpus[0]?.occupancy.kind === "busy");
        const [ours, others, self] = gpus[0].occupancy.processes;
        assert.deepEqual([ours?.user, ours?.jobId], [userInfo().username, jobId]);
        assert.deepEqual(
          [others?.user, others?.jobId],
          ["uid" in nobody ? "nobody" : userInfo().username, null],
        );
        for (const one of [ours, others])
          assert.ok(one?.startedAtMs && Math.abs(atMs - one.startedAtMs) < 20_000, JSON.stringify(one));
        assert.deepEqual([self?.user, self?.jobId], [userInfo().username, null]);
      } finally {
        job.kill("SIGKILL");
        stranger.kill("SIGKILL");
      }
    }).timeout(20_000);

  for (const shell of [["dash"], ["busybox", "sh"], ["bash", "--posix"]])
    it(`names a process in a container only by what it is called there, under ${shell.join(" ")}`, async () => {
      sandbox = aProbeSandbox({ gpus: "rtx-box", shell });
      const proc = join(sandbox.dir, "proc");
      const put = (name: string, text: string) => {
        mkdirSync(dirname(join(proc, name)), { recursive: true });
        writeFileSync(join(proc, name), text);
      };
      const stat = (pid: number, comm: string, state: string) =>
        put(`${pid}/stat`, `${pid} (${comm}) ${state} 1 1 1 0 -1 ${"0 ".repeat(13)}4200 0 0\n`);
      for (const [pid, comm, uid] of [
        [701, "python3", 0],
        [702, "bash (x) y", 0],
        [703, "a-program-with-", 4_242_424],
        [704, "sleep", 0],
      ] as const) {
        stat(pid, comm, pid === 704 ? "D" : "S");
        put(`${pid}/comm`, `${comm}\n`);
        put(`${pid}/status`, `Name:\tx\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`);
        put(`${pid}/environ`, `A=1\0HWLEDGER_JOB_ID=j-0000000000000${pid}\0`);
      }
      put("self/status", "Name:\tsh\nUid:\t0\t0\t0\t0\n");
      put("uptime", "100.50 3.00\n");
      const uuid = sandbox.gpuFiles.read()[0]?.uuid ?? "";
      const app = (pid: number, processName: string) => ({ uuid, pid, usedMib: 100, processName });
      sandbox.gpuFiles.setApps([
        app(701, "/opt/python3 train.py"),
        app(702, "/opt/python3"),
        app(703, "a-program-with-a-long-name"),
        app(704, "sleep"),
        app(705, "gone"),
      ]);
      const script = probeScript({ nonce: "00112233", everyS: 1, procRoot: proc });
      const said = await sandbox.run(script);
      const lines = () =>
        said()
          .split("\n")
          .filter((line) => /^[WJ] /.test(line));
      await until("two rounds", () => (said().match(/^A .*, 705, /gm) ?? []).length >= 2);
      await until("the job", () => lines().some((line) => line.startsWith("J")));
      assert.deepEqual(
        new Set(lines()),
        new Set(["W 701 - root", "W 703 - uid:4242424", "W 704 - root", "J 701 j-0000000000000701"]),
      );
      // Another process with the number of one that was named.
      stat(701, "python3", "S");
      put("701/comm", "other\n");
      put("701/stat", readFileSync(join(proc, "701/stat"), "utf8").replace("4200", "4300"));
      await until("that it is open again", () => lines().includes("W 701 - -"));
      // A name with a line's end in it, and what the shell would take for files.
      const named = () => lines().filter((line) => line.startsWith("W 703")).length;
      const before = named();
      put("703/stat", "703 (a /*/*/*\n) S 1 1 1 0\n");
      await until("that nobody is named", () => named() > before);
      assert.equal(
        lines()
          .filter((line) => line.startsWith("W 703"))
          .at(-1),
        "W 703 - -",
      );
    }).timeout(30_000);

  it("says what a broken driver says, keeps the CPU's figures, and starts the tool no more", async () => {
    sandbox = aProbeSandbox({ gpus: "stale-a10" });
    const { reading } = sandbox.watch();
    const first = await reading("the problem", (r) => r.gpuProblem !== null && "value" in r.cpuPct);
    assert.equal(first.gpuProblem?.code, "version-mismatch");
    assert.match(first.gpuProblem.detail, /NVML library version/);
    assert.deepEqual(first.gpus, []);
    assert.deepEqual(
      sandbox.processes().filter((line) => line.includes("--query-")),
      [],
    );
  }).timeout(20_000);

  it("keeps good rows beside a lost GPU", async () => {
    sandbox = aProbeSandbox({ gpus: "worn-3090" });
    const { reading } = sandbox.watch();
    const first = await reading("a reading", () => true);
    assert.deepEqual(
      first.gpus.map((gpu) => [gpu.index, gpu.occupancy.kind]),
      [
        [0, "free"],
        [2, "busy"],
      ],
    );
    assert.equal(first.gpuProblem?.code, "gpu-lost");
  }).timeout(20_000);

  it("invents nothing while the tool hangs, starts no second one, and ends it at the end", async () => {
    sandbox = aProbeSandbox({ gpus: "rtx-box" });
    const { reading, readings } = sandbox.watch();
    await reading("a reading", () => true);
    sandbox.gpuFiles.hangTool();
    await until("the fault", () => readings.at(-1)?.gpus[0]?.occupancy.kind === "unknown", 30_000);
    const last = readings.at(-1);
    assert.deepEqual(last?.gpus[0]?.utilizationPct, { unsupported: "fault" });
    assert.equal(last.gpuProblem?.code, "no-answer");
    const running = figureTools(sandbox);
    assert.equal(running.length, 1, running.join("\n"));
  }).timeout(40_000);

  it("reads a host without the tool", async () => {
    sandbox = aProbeSandbox({ gpus: null });
    const { reading } = sandbox.watch();
    const first = await reading("a reading", (r) => "value" in r.cpuPct);
    assert.deepEqual(first.gpus, []);
    assert.equal(first.gpuProblem, null);
  }).timeout(20_000);

  it("leaves a GPU asleep that sleeps, and asks those awake one by one", async () => {
    sandbox = aProbeSandbox({ gpus: "h100-node" });
    const sys = join(sandbox.dir, "sys");
    const lab = sandbox.gpuFiles.read();
    for (const [at, gpu] of lab.entries()) {
      const device = join(
        sys,
        "bus/pci/drivers/nvidia",
        (gpu.cells["pci.bus_id"] ?? "").slice(4).toLowerCase(),
        "power",
      );
      mkdirSync(device, { recursive: true });
      writeFileSync(join(device, "control"), "auto\n");
      writeFileSync(join(device, "runtime_status"), at === 0 ? "active\n" : "suspended\n");
    }
    const said = await sandbox.run(probeScript({ nonce: "00112233", everyS: 1, sysRoot: sys }));
    await until("the end of both queries", () => (said().match(/^[GA] #exit 0$/gm) ?? []).length === 2);
    assert.match(said(), /^G #asleep 15 (0000:[0-9a-f:.]+,){6}0000:[0-9a-f:.]+$/m);
    assert.doesNotMatch(said(), /#start loop/);
  }).timeout(20_000);

  it("starts no tool while one hangs in the driver, whoever started that, and starts it afterwards", async () => {
    sandbox = aProbeSandbox({ gpus: "rtx-box" });
    const proc = join(sandbox.dir, "proc");
    mkdirSync(join(proc, "4711"), { recursive: true });
    writeFileSync(join(proc, "4711/stat"), "4711 (nvidia-smi) D 1 4711 4711 0 -1\n");
    const said = await sandbox.run(
      probeScript({ nonce: "00112233", everyS: 1, procRoot: proc, restartS: 1 }),
    );
    await until("the notice", () => /^G #wedged$/m.test(said()) && /^A #wedged$/m.test(said()));
    assert.doesNotMatch(said(), /#start/);
    rmSync(join(proc, "4711"), { recursive: true });
    await until("figures", () => /^G GPU-/m.test(said()));
  }).timeout(20_000);

  it("asks for fewer fields when the tool does not know one", async () => {
    sandbox = aProbeSandbox({ gpus: "rtx-box" });
    const known = [
      "uuid gpu_uuid -",
      "name gpu_name -",
      "memory.total - MiB",
      "memory.used - MiB",
      "utilization.gpu - %",
    ];
    writeFileSync(join(sandbox.gpuFiles.dir, "fields.txt"), `${known.join("\n")}\n`);
    const { reading } = sandbox.watch();
    const first = await reading("figures", ({ gpus }) => gpus.length === 1);
    assert.deepEqual(first.gpus[0]?.utilizationPct, { value: 3 });
    assert.deepEqual(first.gpus[0].powerW, { unsupported: "unknown-field" });
    assert.equal(first.gpuProblem, null);
  }).timeout(20_000);
});
