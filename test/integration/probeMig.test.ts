import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ProbeFrames } from "../../protocol/probe/probeFrames.ts";
import { probeScript } from "../../protocol/probe/probeScript.ts";
import type { HostReading } from "../../protocol/reading.ts";
import { playedReadings } from "../support/playedReadings.ts";
import { aProbeSandbox, until, type ProbeSandbox } from "./probeSandbox.ts";

const nonce = "00112233";
const mib = 1024 ** 2;
const instance = (n: number): string => `MIG-0a0a0a0a-1111-4222-8333-00000000000${n}`;

describe("probe of a host with a divided GPU", () => {
  let sandbox: ProbeSandbox;
  let proc: string;
  afterEach(() => sandbox.end());

  /** An RTX box whose tool, besides, lists two instances and says what they do. */
  function aHost(shell: readonly string[]): void {
    sandbox = aProbeSandbox({ gpus: "rtx-box", shell });
    proc = join(sandbox.dir, "proc");
    const [gpu] = sandbox.gpuFiles.read();
    assert.ok(gpu);
    const { uuid } = gpu;
    sandbox.gpuFiles.update(uuid, { "mig.mode.current": "Enabled", "utilization.gpu": "[N/A]" });
    sandbox.gpuFiles.setApps([{ uuid, pid: 4711, usedMib: 2000, processName: "/opt/a b/python3" }]);
    sandbox.addTool("replayed-smi", readFileSync(join(sandbox.dir, "bin/nvidia-smi"), "utf8"));
    const said = (name: string, text: string): void => writeFileSync(join(sandbox.dir, name), text);
    said(
      "list",
      `GPU 0: ${gpu.name} (UUID: ${uuid})\n  MIG 3g.20gb     Device  0: (UUID: ${instance(0)})\n  MIG 1g.5gb      Device  1: (UUID: ${instance(1)})\n`,
    );
    const part = (device: number, gi: number, total: number, used: number): string =>
      [
        "    MIG Device",
        `        Index                                          : ${device}`,
        `        GPU Instance ID                                : ${gi}`,
        "        Compute Instance ID                            : 0",
        "        Device Attributes",
        "            Shared",
        "        Shared FB Memory Usage",
        `            Total                                      : ${total} MiB`,
        "            Reserved                                   : 0 MiB",
        `            Used                                       : ${used} MiB`,
        "        Shared BAR1 Memory",
        "            Total                                      : 1 MiB",
        "            Used                                       : 1 MiB",
      ].join("\n");
    said(
      "details",
      [
        `GPU ${gpu.cells["pci.bus_id"]}`,
        "    Product Name                                       : x",
        part(0, 2, 20_000, 2_040),
        part(1, 9, 4_864, 11),
        "    FB Memory Usage",
        "        Total                                          : 40960 MiB",
        "        Used                                           : 2051 MiB",
        "    Processes",
        "        GPU instance ID                   : 2",
        "        Compute instance ID               : 0",
        "        Process ID                        : 4711",
        "            Type                          : C",
        "            Name                          : /opt/a b/python3",
        "            Used GPU Memory               : 2000 MiB",
        "",
      ].join("\n"),
    );
    sandbox.addTool(
      "nvidia-smi",
      `#!/bin/sh
case $1 in
-L) echo list >>"$HOME/asked"; cat "$HOME/list" ;;
-q) echo details >>"$HOME/asked"; cat "$HOME/details" ;;
*) exec "$HOME/bin/replayed-smi" "$@" ;;
esac
`,
    );
    divide(2, 9);
  }
  /** What the driver shows of its instances. */
  function divide(...gis: readonly number[]): void {
    const folder = join(proc, "driver/nvidia/capabilities/gpu0/mig");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const gi of gis) mkdirSync(join(folder, `gi${gi}/ci0`), { recursive: true });
  }
  async function started() {
    const said = await sandbox.run(probeScript({ nonce, everyS: 1, procRoot: proc }));
    const now = (): HostReading[] =>
      playedReadings(
        new ProbeFrames({ hostId: "h-1", nonce, cadenceMs: 1_000, startedAtMs: 19_000 }),
        said(),
        19_000,
      );
    return { now, ticks: (): number => (said().match(/^T$/gm) ?? []).length };
  }
  const asked = (): string[] => readFileSync(join(sandbox.dir, "asked"), "utf8").trim().split("\n");

  for (const shell of [["dash"], ["busybox", "sh"], ["bash", "--posix"]])
    it(`has its instances as GPUs, and asks for them seldom, under ${shell.join(" ")}`, async () => {
      aHost(shell);
      const { now, ticks } = await started();
      await until("the instances' memory", () =>
        now().some(({ gpus }) => gpus.length === 3 && "value" in gpus[1]!.memoryUsedBytes),
      );
      const { gpus, gpuProblem } = now().at(-1)!;
      assert.equal(gpuProblem, null);
      assert.deepEqual(
        gpus.map(({ uuid, division, occupancy }) => [uuid.slice(0, 4), division.kind, occupancy.kind]),
        [
          ["GPU-", "divided", "unknown"],
          ["MIG-", "instance", "busy"],
          ["MIG-", "instance", "free"],
        ],
      );
      assert.deepEqual(gpus.map(({ memoryUsedBytes }) => memoryUsedBytes).slice(1), [
        { value: 2_040 * mib },
        { value: 11 * mib },
      ]);
      const { occupancy } = gpus[1]!;
      assert.deepEqual(occupancy.kind === "busy" && occupancy.processes.map(({ pid, name }) => [pid, name]), [
        [4711, "/opt/a b/python3"],
      ]);
      await until("three ticks", () => ticks() >= 3);
      assert.deepEqual(asked().slice(0, 2), ["list", "details"]);
      assert.ok(!asked().slice(1).includes("list") && asked().length < ticks(), asked().join());
      // Divided anew: another list, and not before.
      writeFileSync(
        join(sandbox.dir, "list"),
        readFileSync(join(sandbox.dir, "list"), "utf8").replace(/\n.*\n$/, "\n"),
      );
      divide(2);
      await until("one instance", () => now().at(-1)?.gpus.length === 2);
      assert.deepEqual(asked().filter((what) => what === "list").length, 2);
    }).timeout(30_000);

  it("starts neither another loop nor the tool once more where nothing can be divided", async () => {
    aHost(["dash"]);
    rmSync(join(proc, "driver"), { recursive: true });
    const { now, ticks } = await started();
    await until("three ticks and a reading", () => ticks() >= 3 && now().length > 0);
    assert.throws(asked);
    assert.deepEqual(
      now()
        .at(-1)!
        .gpus.map(({ division, occupancy }) => [division.kind, occupancy.kind]),
      [["divided", "busy"]],
    );
  }).timeout(20_000);

  it("goes on with the rest while that answer does not come, and ends it at the end", async () => {
    aHost(["dash"]);
    sandbox.addTool(
      "nvidia-smi",
      `#!/bin/sh\ncase $1 in -L) exec sleep 1000 ;; *) exec "$HOME/bin/replayed-smi" "$@" ;; esac\n`,
    );
    const { now, ticks } = await started();
    await until("three ticks and a reading", () => ticks() >= 3 && now().length > 0);
    assert.equal(now().at(-1)?.gpus.length, 1);
  }).timeout(20_000);
});
