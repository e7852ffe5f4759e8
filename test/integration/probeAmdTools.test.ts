import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ProbeFrames } from "../../protocol/probe/probeFrames.ts";
import { probeScript } from "../../protocol/probe/probeScript.ts";
import type { HostReading } from "../../protocol/reading.ts";
import { playedReadings } from "../support/playedReadings.ts";
import { aProbeSandbox, until, type ProbeSandbox } from "./probeSandbox.ts";

const nonce = "00112233";
const metric = {
  gpu_data: [
    {
      gpu: 0,
      usage: {
        gfx_activity: { value: 42, unit: "%" },
        jpeg_activity: [{ value: 1, unit: "%" }, "N/A"],
        vcn_activity: ["N/A"],
      },
      power: { socket_power: { value: 239, unit: "W" } },
      temperature: { edge: "N/A", hotspot: { value: 36, unit: "C" } },
      mem_usage: { total_vram: { value: 294896, unit: "MB" }, used_vram: { value: 283, unit: "MB" } },
    },
  ],
};
const answers = {
  list: [{ gpu: 0, bdf: "0000:05:00.0" }],
  static: { gpu_data: [{ gpu: 0, asic: { market_name: "AMD Instinct MI355X" } }] },
  metric,
  process: [{ gpu: 0, process_list: [{ process_info: "No running processes detected" }] }],
};
const card = {
  card0: {
    "GPU use (%)": "19",
    "PCI Bus": "0000:1E:00.0",
    "Card Series": "AMD Instinct MI100",
    "VRAM Total Memory (B)": "34342961152",
    "VRAM Total Used Memory (B)": "16782976",
  },
  system: { "Driver version": "6.2.4", PID28389: "llama-server, 1, 2353860608, 0, 0" },
};

describe("probe of a host with GPUs of AMD where /sys is hidden", () => {
  let sandbox: ProbeSandbox;
  afterEach(() => sandbox.end());

  const at = (name: string): string => join(sandbox.dir, name);
  const asked = (): string[] => readFileSync(at("asked"), "utf8").trim().split("\n");

  /** A container that has the device and tools, and nothing of /sys. */
  function aContainer(shell: readonly string[], tools: readonly ("amd-smi" | "rocm-smi")[]): void {
    sandbox = aProbeSandbox({ gpus: null, shell });
    mkdirSync(at("dev"));
    writeFileSync(at("dev/kfd"), "");
    const note = 'echo "${0##*/} $*" >>"$HOME/asked"\n';
    for (const [name, answer] of Object.entries(answers))
      writeFileSync(at(`amd-${name}`), `a banner\n${JSON.stringify(answer, null, 4)}\n`);
    writeFileSync(at("rocm"), `\n${JSON.stringify(card)}\n`);
    if (tools.includes("amd-smi"))
      sandbox.addTool(
        "amd-smi",
        `#!/bin/sh\n${note}case $* in *-u*) if [ -e "$HOME/guest" ]; then exit 2; fi ;; esac\ncat "$HOME/amd-$1"\n`,
      );
    if (tools.includes("rocm-smi")) sandbox.addTool("rocm-smi", `#!/bin/sh\n${note}cat "$HOME/rocm"\n`);
  }
  async function started(everyS = 1) {
    const roots = { procRoot: at("proc"), sysRoot: at("sys"), devRoot: at("dev") };
    const said = await sandbox.run(probeScript({ nonce, everyS, restartS: 1, ...roots }));
    const now = (): HostReading[] =>
      playedReadings(
        new ProbeFrames({ hostId: "h-1", nonce, cadenceMs: everyS * 1_000, startedAtMs: 19_000 }),
        said(),
        19_000,
      );
    return { said, now, ticks: (): number => (said().match(/^T$/gm) ?? []).length };
  }

  for (const shell of [["dash"], ["busybox", "sh"], ["bash", "--posix"]]) {
    it(`has them by amd-smi, which is asked seldom, under ${shell.join(" ")}`, async () => {
      aContainer(shell, ["amd-smi", "rocm-smi"]);
      const { now, said, ticks } = await started();
      await until("a reading with the GPU", () => now().some(({ gpus }) => gpus.length > 0));
      const { gpus, gpuProblem } = now().at(-1)!;
      assert.equal(gpuProblem, null);
      assert.deepEqual(
        gpus.map((gpu) => [gpu.uuid, gpu.name, gpu.utilizationPct, gpu.temperatureC, gpu.occupancy.kind]),
        [["pci:0000:05:00.0", "AMD Instinct MI355X", { value: 42 }, { value: 36 }, "free"]],
      );
      // No blanks and none of the long lists travel.
      assert.match(said(), /^X "jpeg_activity": \[\nX \],$/m);
      assert.doesNotMatch(said(), /^X {2}/m);
      await until("three ticks", () => ticks() >= 3);
      assert.deepEqual(asked(), [
        "amd-smi list --json",
        "amd-smi static --json",
        "amd-smi metric --json -u -p -t -m",
        "amd-smi process --json",
      ]);
      assert.match(said(), /^X #begin 5 amd-metric$/m);
    }).timeout(20_000);

    it(`has them by rocm-smi where there is no other, under ${shell.join(" ")}`, async () => {
      aContainer(shell, ["rocm-smi"]);
      const { now, ticks } = await started();
      await until("a reading with the GPU", () => now().some(({ gpus }) => gpus.length > 0));
      assert.deepEqual(
        now()
          .at(-1)!
          .gpus.map(({ uuid, name, utilizationPct, occupancy }) => [
            uuid,
            name,
            utilizationPct,
            occupancy.kind,
          ]),
        [["pci:0000:1e:00.0", "AMD Instinct MI100", { value: 19 }, "busy"]],
      );
      await until("three ticks", () => ticks() >= 3);
      assert.equal(asked().length, 1);
    }).timeout(20_000);
  }

  it("asks every 15 s in the background", async () => {
    aContainer(["dash"], ["rocm-smi"]);
    const { said } = await started(15);
    await until("the answer", () => /^X #end 0$/m.test(said()));
    assert.match(said(), /^X #begin 15 rocm$/m);
  }).timeout(20_000);

  it("asks with fewer options where the tool knows fewer", async () => {
    aContainer(["dash"], ["amd-smi"]);
    writeFileSync(at("guest"), "");
    const { now } = await started();
    await until("figures", () => now().some(({ gpus }) => gpus.length > 0));
    assert.equal(now().at(-1)?.gpuProblem, null);
    assert.deepEqual(asked().slice(2), [
      "amd-smi metric --json -u -p -t -m",
      "amd-smi metric --json",
      "amd-smi process --json",
    ]);
  }).timeout(20_000);

  it("does not ask where the driver's files are there, nor where there is no such device", async () => {
    for (const spoil of [
      () => mkdirSync(at("sys/bus/pci/drivers/amdgpu"), { recursive: true }),
      () => rmSync(at("dev/kfd")),
    ]) {
      aContainer(["dash"], ["amd-smi"]);
      spoil();
      const { now, ticks } = await started();
      await until("three ticks", () => ticks() >= 3);
      assert.equal(existsSync(at("asked")), false);
      assert.deepEqual([now().at(-1)?.gpus, now().at(-1)?.gpuProblem], [[], null]);
      await sandbox.end();
    }
  }).timeout(20_000);

  for (const shell of [["dash"], ["busybox", "sh"], ["bash", "--posix"]])
    it(`starts no second one while one hangs in the driver, whatever the kernel calls it, under ${shell.join(" ")}`, async () => {
      aContainer(shell, ["amd-smi"]);
      mkdirSync(at("proc/4711"), { recursive: true });
      writeFileSync(at("proc/4711/stat"), "4711 (python3) D 1 4711 4711 0 -1\n");
      writeFileSync(at("proc/4711/cmdline"), "/usr/bin/python3\0/opt/rocm/bin/amd-smi\0metric\0");
      const { now, said } = await started();
      await until("the notice", () => /^X #wedged$/m.test(said()));
      assert.equal(existsSync(at("asked")), false);
      rmSync(at("proc/4711"), { recursive: true });
      await until("figures", () => now().some(({ gpus }) => gpus.length > 0));
    }).timeout(20_000);
});
