import assert from "node:assert/strict";
import fc from "fast-check";
import { AmdTool, isOfAmdTool } from "../../protocol/probe/amd/amdTool.ts";
import { ToolBoard } from "../../protocol/probe/toolBoard.ts";
import type { GpuReading } from "../../protocol/reading.ts";

const machine = { model: null, totalBytes: null, wiredLimitMib: null };
const address = ["0000:05:00.0", "0000:15:00.0"];
const list = JSON.stringify(address.map((bdf, gpu) => ({ gpu, bdf })));
const fixed = JSON.stringify({
  gpu_data: [0, 1].map((gpu) => ({
    gpu,
    asic: { market_name: "AMD Instinct MI355X" },
    limit: { max_power: { value: 1400, unit: "W" } },
  })),
});
const metricOf = (...gpus: readonly number[]): string =>
  JSON.stringify({
    gpu_data: gpus.map((gpu) => ({
      gpu,
      usage: { gfx_activity: { value: 7 + gpu, unit: "%" } },
      mem_usage: { total_vram: { value: 294_896, unit: "MB" }, used_vram: { value: 283, unit: "MB" } },
    })),
  });
const processes = JSON.stringify([
  {
    gpu: 0,
    process_list: [{ process_info: { name: "python3", pid: 15, mem_usage: { value: 9, unit: "B" } } }],
  },
  { gpu: 1, process_list: [{ process_info: "No running processes detected" }] },
]);
const rocm = (cards: number, pids: Readonly<Record<string, string>> = {}): string =>
  JSON.stringify({
    ...Object.fromEntries(
      address.slice(0, cards).map((bdf, at) => [
        `card${at}`,
        {
          "GPU use (%)": "19",
          "PCI Bus": bdf.toUpperCase(),
          "VRAM Total Memory (B)": "34342961152",
          "VRAM Total Used Memory (B)": "6782976",
        },
      ]),
    ),
    system: { "Driver version": "6.2.4", ...pids },
  });

type Said = readonly [name: string, text: string, code?: number];
function heard(name: "amd-smi" | "rocm-smi", known: readonly GpuReading[], ...said: readonly Said[]) {
  const board = new ToolBoard(new AmdTool(name, known), 1_000, 0, known);
  let isNews = false;
  for (const [block, text, code = 0] of said)
    for (const line of [`#begin 5 ${block}`, ...text.split("\n"), `#end ${code}`])
      isNews = board.line(line, 7);
  return { board, isNews, ...board.snapshot(machine, 8) };
}
const uses = ({ occupancy }: GpuReading): string =>
  occupancy.kind === "busy"
    ? occupancy.processes.map(({ pid }) => pid).join()
    : occupancy.kind === "unknown"
      ? occupancy.reason
      : "free";
const round = (...gpus: readonly number[]): Said[] => [
  ["amd-metric", metricOf(...gpus)],
  ["amd-process", processes],
];
const start: Said[] = [
  ["amd-list", list],
  ["amd-static", fixed],
];

describe("amd-smi where /sys is hidden", () => {
  it("gives GPUs with fixed and moving figures, and who computes where", () => {
    const { gpus, gpuProblem, isNews } = heard("amd-smi", [], ...start, ...round(0, 1));
    assert.equal(isNews, true);
    assert.equal(gpuProblem, null);
    assert.deepEqual(
      gpus.map((gpu) => [gpu.uuid, gpu.name, gpu.utilizationPct, gpu.powerLimitW, uses(gpu), gpu.atMs]),
      [
        ["pci:0000:05:00.0", "AMD Instinct MI355X", { value: 7 }, { value: 1400 }, "15", 7],
        ["pci:0000:15:00.0", "AMD Instinct MI355X", { value: 8 }, { value: 1400 }, "free", 7],
      ],
    );
    assert.ok(gpus.every(isOfAmdTool));
  });

  it("has no reading before both are said, and none is free where processes are not told", () => {
    assert.equal(heard("amd-smi", [], ...start, ["amd-metric", metricOf(0)]).isNews, false);
    const { gpus } = heard("amd-smi", [], ...start, ["amd-metric", metricOf(0)], ["amd-process", "no", 1]);
    assert.deepEqual(gpus.map(uses), ["not-supported"]);
  });

  it("misses one that is not told of any more, also one of the probe before", () => {
    const before = heard("amd-smi", [], ...start, ...round(0, 1)).gpus;
    for (const { gpus, gpuProblem } of [
      heard("amd-smi", before, ...start, ...round(0)),
      heard("amd-smi", [], ...start, ...round(0, 1), ...round(0)),
    ]) {
      assert.deepEqual(gpuProblem, { code: "gpu-lost", detail: "pci:0000:15:00.0" });
      assert.deepEqual(gpus.map(uses), ["15", "gpu-lost"]);
      assert.equal(gpus[1]?.health.kind, "fault");
    }
    const back = heard("amd-smi", before, ...start, ...round(0), ...round(0, 1));
    assert.deepEqual([back.gpuProblem, back.gpus.length], [null, 2]);
  });

  it("says why there are none, and takes that back", () => {
    const denied = "Permission needed: the user is not in the groups render and video";
    const { gpuProblem } = heard("amd-smi", [], ["amd-list", denied]);
    assert.equal(gpuProblem?.code, "no-permission");
    const failed = heard("amd-smi", [], ...start, ["amd-metric", "Traceback", 1]);
    assert.deepEqual(failed.gpuProblem, { code: "tool-failed", detail: "amd-smi ended with 1" });
    assert.equal(heard("amd-smi", [], ...start, ["amd-metric", "", 2], ...round(0)).gpuProblem, null);
    const lost = heard("amd-smi", [], ...start, ...round(0, 1), ["amd-metric", "", 1], ["amd-process", "[]"]);
    assert.equal(lost.gpuProblem?.code, "tool-failed");
    assert.deepEqual(
      lost.gpus.map(({ utilizationPct }) => utilizationPct),
      [{ unsupported: "fault" }, { unsupported: "fault" }],
    );
  });
});

describe("rocm-smi where /sys is hidden", () => {
  const process = { PID28389: "llama-server, 1, 2353860608, 0, 0" };
  const cases: [string, number, Readonly<Record<string, string>>, string[]][] = [
    ["nobody computes", 2, {}, ["free", "free"]],
    ["somebody computes on the one GPU", 1, process, ["28389"]],
    ["it is not told on which of two", 2, process, ["unplaced", "unplaced"]],
    ["a process has no GPU", 2, { PID7: "idle, 0, 0, 0, 0" }, ["free", "free"]],
  ];
  for (const [what, cards, pids, expected] of cases)
    it(`says who computes: ${what}`, () => {
      const { gpus, gpuProblem } = heard("rocm-smi", [], ["rocm", rocm(cards, pids)]);
      assert.equal(gpuProblem, null);
      assert.deepEqual(gpus.map(uses), expected);
      assert.deepEqual(gpus[0]?.utilizationPct, { value: 19 });
    });

  it("says why there are none", () => {
    assert.equal(
      heard("rocm-smi", [], ["rocm", "WARNING: No JSON data to report"]).gpuProblem?.code,
      "tool-message",
    );
    assert.equal(heard("rocm-smi", [], ["rocm", "", 127]).gpuProblem?.detail, "rocm-smi ended with 127");
  });
});

describe("answers of AMD's tools, damaged in whatever way,", () => {
  it("are no error, and no GPU is free or has a 0 by them", () => {
    const used = metricOf(0, 1).replaceAll("283", "250000");
    const harm = fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat({ max: 30 }),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.nat({ max: 3 }), fc.array(harm, { maxLength: 5 }), (which, harms) => {
        const said: [string, string][] = [
          ["amd-list", list],
          ["amd-static", fixed],
          ["amd-metric", used],
          ["amd-process", processes],
        ];
        const [, text] = said[which]!;
        const broken = harms.reduce((now, [at, takes, puts]) => {
          const from = Math.floor(at * now.length);
          return now.slice(0, from) + puts + now.slice(from + takes);
        }, text);
        said[which]![1] = broken;
        const { gpus } = heard("amd-smi", [], ...said);
        for (const gpu of gpus) {
          const figures = [gpu.utilizationPct, gpu.memoryTotalBytes, gpu.powerLimitW];
          assert.ok(figures.every((metric) => !("value" in metric) || metric.value > 0 || /0/.test(broken)));
          if (which !== 2) assert.notEqual(gpu.occupancy.kind, "free");
        }
      }),
      { numRuns: 300 },
    );
  });
});
