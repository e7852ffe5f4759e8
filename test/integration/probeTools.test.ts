import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ProbeFrames, type ProbeCarry } from "../../protocol/probe/probeFrames.ts";
import { probeScript } from "../../protocol/probe/probeScript.ts";
import type { HostReading } from "../../protocol/reading.ts";
import { playedReadings } from "../support/playedReadings.ts";
import { aProbeSandbox, until, type ProbeSandbox } from "./probeSandbox.ts";

const nonce = "00112233";
const shellsOfHosts = [["dash"], ["busybox", "sh"], ["bash", "--posix"]];
const cat = (...lines: readonly string[]): string => `cat <<'END'\n${lines.join("\n")}\nEND\n`;

let sandbox: ProbeSandbox;

/** Starts the script on the sandbox, and gives its readings so far and what it said. */
async function started(options: { procRoot?: string; sysRoot?: string; carry?: ProbeCarry | null } = {}) {
  const { carry = null, ...roots } = options;
  const aBoard = (): ProbeFrames =>
    new ProbeFrames({ hostId: "h-1", nonce, cadenceMs: 1_000, startedAtMs: 19_000, carry });
  const { listedBoot } = aBoard();
  const said = await sandbox.run(probeScript({ nonce, everyS: 1, restartS: 1, listedBoot, ...roots }));
  let frames = aBoard();
  const readings = (): HostReading[] => {
    frames = aBoard();
    return playedReadings(frames, said(), 19_000);
  };
  return { said, readings, carry: () => frames.carry() };
}
const ticks = (said: () => string): number => (said().match(/^T$/gm) ?? []).length;

describe("probe of a Mac", () => {
  afterEach(() => sandbox.end());

  const id = "01234567-89AB-CDEF-0123-456789ABCDEF";
  const pages = [
    "Mach Virtual Memory Statistics: (page size of 16384 bytes)",
    "Pages active: 100.",
    "Pages wired down: 50.",
    "Pages occupied by compressor: 25.",
  ];
  const accelerator = [
    "+-o AGXAcceleratorG16G  <class AGXAcceleratorG16G, id 0x1000003e0, registered, matched>",
    "    {",
    '      "PerformanceStatistics" = {"Device Utilization %"=25,"In use system memory"=33390592}',
    '      "IOReportLegend" = ({"IOReportGroupName"="decoy Device Utilization %"})',
    '      "gpu-core-count" = 10',
    "    }",
  ];
  const displays = JSON.stringify({
    SPDisplaysDataType: [{ spdisplays_vendor: "sppci_vendor_Apple", sppci_model: "Apple M4" }],
  });

  /** A Mac has no /proc. */
  const bare = () => ({ procRoot: join(sandbox.dir, "none") });

  function aMac(shell: readonly string[]): void {
    sandbox = aProbeSandbox({ gpus: null, shell });
    const tool = (name: string, text: string): void => sandbox.addTool(name, `#!/bin/sh\n${text}`);
    tool("uname", "echo Darwin 24.1.0 arm64\n");
    tool("date", "echo 1700000500\n");
    tool(
      "sysctl",
      `case $1 in\n-n) echo ${id} ;;\niogpu*) echo 'iogpu.wired_limit_mb: 0' ;;\n*) ${cat(
        "hw.memsize: 1000000000",
        "kern.boottime: { sec = 1700000000, usec = 1 } Tue",
        `kern.bootsessionuuid: ${id}`,
      )};;\nesac\n`,
    );
    tool("vm_stat", cat(...pages));
    tool("ps", "echo 'Ss launchd'; echo 'U /usr/sbin/other'\n");
    tool("system_profiler", `echo asked >>"$HOME/asked"\n${cat(displays)}`);
    tool(
      "ioreg",
      `case $* in\n*IOAccelerator*) ${cat(...accelerator)};;\n*) echo '    "IOPlatformUUID" = "${id}"' ;;\nesac\n`,
    );
  }

  for (const shell of shellsOfHosts)
    it(`has memory, uptime, ids and GPU by its own tools, under ${shell.join(" ")}`, async () => {
      aMac(shell);
      const { readings, said, carry } = await started(bare());
      await until("a reading with everything", () =>
        readings().some(({ gpus, machineId }) => gpus.length > 0 && machineId !== null),
      );
      const reading = readings().at(-1)!;
      assert.deepEqual(reading.memoryUsedBytes, { value: 175 * 16384 });
      assert.deepEqual(reading.memoryTotalBytes, { value: 1e9 });
      assert.ok("value" in reading.uptimeS && reading.uptimeS.value >= 500 && reading.uptimeS.value < 520);
      assert.equal(reading.bootId, id.toLowerCase());
      assert.deepEqual(reading.cpuPct, { unsupported: "not-measured" });
      assert.deepEqual(
        reading.gpus.map((gpu) => [gpu.uuid, gpu.name, gpu.utilizationPct, gpu.memoryTotalBytes]),
        [["mac:apple:0", "Apple M4", { value: 25 }, { value: 666_666_666 }]],
      );
      // Of what the drivers tell, only what is read travels.
      assert.doesNotMatch(said(), /decoy/);
      const before = carry();
      assert.notEqual(before, null);
      await sandbox.end();
      // The GPUs are not listed again before the machine is started anew.
      aMac(shell);
      const next = await started({ ...bare(), carry: before });
      await until("a reading", () => next.readings().some(({ gpus }) => gpus.length > 0));
      assert.deepEqual(
        next
          .readings()
          .at(-1)
          ?.gpus.map(({ name, utilizationPct }) => [name, utilizationPct]),
        [["Apple M4", { value: 25 }]],
      );
      assert.equal(existsSync(join(sandbox.dir, "asked")), false);
    }).timeout(30_000);

  it("goes on with the rest while a driver hangs, and starts no second ioreg on it", async () => {
    aMac(["dash"]);
    const pipe = join(sandbox.dir, "pipe");
    execFileSync("mkfifo", [pipe]);
    sandbox.addTool(
      "ioreg",
      `#!/bin/sh\ncase $* in *IOAccelerator*) echo x >>"$HOME/tries"; read x <${pipe} ;; esac\n`,
    );
    const hanging = await started(bare());
    await until("three ticks", () => ticks(hanging.said) >= 3);
    assert.equal(readFileSync(join(sandbox.dir, "tries"), "utf8"), "x\n");
    assert.match(hanging.said(), /^X #begin 1 accelerators$/m);
    await sandbox.end();
    aMac(["dash"]);
    sandbox.addTool(
      "ps",
      "#!/bin/sh\necho 'Ss launchd'; [ -e \"$HOME/over\" ] || echo 'U+ /usr/sbin/ioreg'\n",
    );
    const next = await started(bare());
    await until("the notice", () => /^X #wedged$/m.test(next.said()));
    assert.doesNotMatch(next.said(), /#begin/);
    writeFileSync(join(sandbox.dir, "over"), "");
    await until("figures", () => next.readings().some(({ gpus }) => gpus.length > 0));
  }).timeout(30_000);
});

describe("probe of a Jetson", () => {
  afterEach(() => sandbox.end());

  const line =
    "06-18-2025 11:25:24 RAM 3452/7620MB (lfb 25x4MB) CPU [1%@1420] GR3D_FREQ 42% gpu@49.031C VDD_IN 4824mW/4824mW VDD_CPU_GPU_CV 518mW/518mW";

  for (const shell of shellsOfHosts)
    it(`has the figures of tegrastats, under ${shell.join(" ")}`, async () => {
      sandbox = aProbeSandbox({ gpus: null, shell });
      sandbox.addTool("tegrastats", `#!/bin/sh\nwhile :; do echo '${line}'; sleep "$(($2 / 1000))"; done\n`);
      const { readings } = await started();
      await until("two readings", () => readings().length >= 2);
      assert.deepEqual(
        readings()
          .at(-1)
          ?.gpus.map((gpu) => [gpu.name, gpu.memoryKind, gpu.utilizationPct, gpu.temperatureC, gpu.powerW]),
        [["NVIDIA Jetson", "unified", { value: 42 }, { value: 49.031 }, { value: 0.518 }]],
      );
      assert.equal(sandbox.processes().filter((one) => one.includes("tegrastats --interval 1000")).length, 1);
    }).timeout(20_000);

  it("says that tegrastats ended, and starts it again", async () => {
    sandbox = aProbeSandbox({ gpus: null });
    sandbox.addTool(
      "tegrastats",
      `#!/bin/sh\necho '${line}'\n[ -e "$HOME/well" ] || exit 3\nexec sleep 60\n`,
    );
    const { readings } = await started();
    await until("the end", () => readings().at(-1)?.gpuProblem?.detail === "tegrastats ended with 3");
    writeFileSync(join(sandbox.dir, "well"), "");
    await until("figures", () => readings().at(-1)?.gpuProblem === null);
  }).timeout(20_000);
});

describe("probe of a host with GPUs of Intel", () => {
  afterEach(() => sandbox.end());

  const list = JSON.stringify({
    device_list: [{ device_id: 0, device_name: "Intel(R) Arc(TM) A770", pci_bdf_address: "0000:03:00.0" }],
  });
  const header =
    "Timestamp, DeviceId, GPU Utilization (%), GPU Power (W), GPU Core Temperature (Celsius Degree)";
  const row = (load: string): string => `14:15:20.490,    0, ${load}, 190.20, 61.00`;
  let sys: string;

  function aHost(shell: readonly string[], power: { control: string; runtime_status: string }): void {
    sandbox = aProbeSandbox({ gpus: null, shell });
    sys = join(sandbox.dir, "sys");
    const device = join(sys, "bus/pci/drivers/xe/0000:03:00.0/power");
    // Graphics inside the processor, which sleep, are no matter.
    for (const [folder, { control, runtime_status: status }] of [
      [device, power],
      [
        join(sys, "bus/pci/drivers/i915/0000:00:02.0/power"),
        { control: "auto", runtime_status: "suspended" },
      ],
    ] as const) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "control"), `${control}\n`);
      writeFileSync(join(folder, "runtime_status"), `${status}\n`);
    }
    const dump = `echo '${header}'; echo '${row("N/A")}'; case $* in *'-n 2') echo '${row("37.5")}'; exit ;; esac
while :; do echo '${row("37.5")}'; sleep 1; done`;
    sandbox.addTool(
      "xpu-smi",
      `#!/bin/sh\necho "$*" >>"$HOME/asked"\ncase $1 in\ndiscovery) ${cat(list)};;\n*) ${dump} ;;\nesac\n`,
    );
  }
  const asked = (): string => readFileSync(join(sandbox.dir, "asked"), "utf8");

  for (const shell of shellsOfHosts)
    it(`has them by xpu-smi, listed once and then row by row, under ${shell.join(" ")}`, async () => {
      aHost(shell, { control: "on", runtime_status: "active" });
      const { readings } = await started({ sysRoot: sys });
      await until("three readings", () => readings().length >= 3);
      assert.deepEqual(
        readings()
          .at(-1)
          ?.gpus.map((gpu) => [gpu.uuid, gpu.name, gpu.utilizationPct, gpu.temperatureC, gpu.powerW]),
        [["pci:0000:03:00.0", "Intel Arc A770", { value: 37.5 }, { value: 61 }, { value: 190.2 }]],
      );
      assert.equal(asked(), "discovery -j\ndump -d -1 -m 0,1,3,18 -i 1\n");
    }).timeout(20_000);

  it("asks those that can sleep for some time only, and none while one sleeps", async () => {
    aHost(["dash"], { control: "auto", runtime_status: "active" });
    const { readings, said } = await started({ sysRoot: sys });
    await until("three ticks", () => ticks(said) >= 3);
    assert.equal(asked(), "discovery -j\ndump -d -1 -m 0,1,3,18 -i 1 -n 2\n");
    assert.deepEqual(readings()[0]?.gpus[0]?.utilizationPct, { value: 37.5 });
    await sandbox.end();
    aHost(["dash"], { control: "auto", runtime_status: "suspended" });
    const next = await started({ sysRoot: sys });
    await until("three ticks", () => ticks(next.said) >= 3);
    assert.equal(existsSync(join(sandbox.dir, "asked")), false);
    assert.deepEqual(next.readings().at(-1)?.gpuProblem, { code: "gpu-asleep", detail: "0000:03:00.0" });
    assert.deepEqual(
      next
        .readings()
        .at(-1)
        ?.gpus.map(({ uuid, name }) => [uuid, name]),
      [["pci:0000:03:00.0", "Intel GPU"]],
    );
  }).timeout(30_000);

  it("does not ask where there is no GPU of Intel, and starts no second tool while one hangs in the driver", async () => {
    aHost(["dash"], { control: "on", runtime_status: "active" });
    rmSync(join(sys, "bus"), { recursive: true });
    const none = await started({ sysRoot: sys });
    await until("three ticks", () => ticks(none.said) >= 3);
    assert.equal(existsSync(join(sandbox.dir, "asked")), false);
    assert.equal(none.readings().at(-1)?.gpuProblem, null);
    await sandbox.end();
    aHost(["dash"], { control: "on", runtime_status: "active" });
    const proc = join(sandbox.dir, "proc");
    mkdirSync(join(proc, "4711"), { recursive: true });
    writeFileSync(join(proc, "4711/stat"), "4711 (xpu-smi) D 1 4711 4711 0 -1\n");
    const next = await started({ sysRoot: sys, procRoot: proc });
    await until("the notice", () => /^X #wedged$/m.test(next.said()));
    assert.equal(existsSync(join(sandbox.dir, "asked")), false);
    rmSync(join(proc, "4711"), { recursive: true });
    await until("figures", () => next.readings().some(({ gpus }) => gpus.length > 0));
  }).timeout(30_000);
});
