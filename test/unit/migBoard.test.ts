import assert from "node:assert/strict";
import fc from "fast-check";
import { countedGpus } from "../../protocol/countedGpus.ts";
import { freeGpuCount } from "../../protocol/freeGpuCount.ts";
import { MigBoard } from "../../protocol/probe/migBoard.ts";
import { parseMigParts } from "../../protocol/probe/migParts.ts";
import { parseNvidiaSmiList } from "../../protocol/probe/nvidiaSmiList.ts";
import type { ProcessList } from "../../protocol/probe/occupancy.ts";
import { unowned } from "../../protocol/probe/processOwners.ts";
import type { GpuReading } from "../../protocol/reading.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";
import { choosePlacement } from "../../service/domain/choosePlacement.ts";

const mib = 1024 ** 2;
const parent = "GPU-0a0a0a0a-1111-4222-8333-000000000001";
const instance = (n: number): string => `MIG-0a0a0a0a-1111-4222-8333-00000000000${n}`;
const list = [
  "#begin 15 list",
  `GPU 0: NVIDIA H100 80GB HBM3 (UUID: ${parent})`,
  `MIG 3g.40gb Device 0: (UUID: ${instance(0)})`,
  `MIG 1g.10gb Device 1: (UUID: ${instance(1)})`,
  "#end 0",
];
const address = "00000000:17:00.0";
const partsOf = (...lines: readonly string[]): string[] => ["#begin 15 parts", ...lines, "#end 0"];
const idle = [`part ${address} 0 2 0 40448 17`, `part ${address} 1 9 0 9984 9`];
const process = (pid: number) => unowned({ pid, name: "python3", memoryBytes: { value: 5 * mib } });

const noList = (): ProcessList => ({ kind: "known", processes: [] });
const divided = (over: Partial<GpuReading> = {}): GpuReading =>
  aGpu({
    uuid: parent,
    name: "NVIDIA H100 80GB HBM3",
    pciBusId: address,
    division: { kind: "divided" },
    health: { kind: "ok" },
    utilizationPct: { unsupported: "not-supported" },
    ...over,
  });
function aBoard(...lines: readonly string[]): MigBoard {
  const board = new MigBoard([]);
  for (const line of lines) board.line(line, 1_000);
  return board;
}
const uses = (gpus: readonly GpuReading[]): string[] =>
  gpus.map(({ occupancy }) =>
    occupancy.kind === "busy"
      ? occupancy.processes.map(({ pid }) => pid).join()
      : occupancy.kind === "unknown"
        ? occupancy.reason
        : "free",
  );

describe("a divided GPU", () => {
  it("counts by its instances, each with its profile, memory and health, and not besides", () => {
    const gpus = aBoard(...list, ...partsOf(...idle)).joined([divided(), aGpu()], noList, 1_000);
    assert.deepEqual(
      gpus.map(({ uuid, index, name, division }) => [uuid, index, name, division.kind]),
      [
        [parent, 0, "NVIDIA H100 80GB HBM3", "divided"],
        [instance(0), null, "NVIDIA H100 80GB HBM3 MIG 3g.40gb", "instance"],
        [instance(1), null, "NVIDIA H100 80GB HBM3 MIG 1g.10gb", "instance"],
        ["GPU-0", 0, "NVIDIA GeForce RTX 3090", "whole"],
      ],
    );
    const [, first] = gpus;
    assert.deepEqual(first?.memoryTotalBytes, { value: 40_448 * mib });
    assert.deepEqual(first.memoryUsedBytes, { value: 17 * mib });
    assert.deepEqual(
      [first.health, first.utilizationPct],
      [{ kind: "ok" }, { unsupported: "not-supported" }],
    );
    assert.deepEqual(uses(gpus), ["divided", "free", "free", "free"]);
    assert.equal(countedGpus(gpus).length, 3);
    const host = aHost({ reading: aReading({ gpus }) });
    assert.equal(freeGpuCount(gpus, host), 3);
    // A job that does not show yet takes one of them; what is divided is not one that was taken.
    assert.equal(freeGpuCount(gpus, { ...host, activeJobs: 1 }), 2);
    assert.equal(choosePlacement([host], undefined), host);
    assert.throws(() => choosePlacement([host, { ...host, name: "b" }], undefined), /3 of 3 GPUs free/);
  });

  it("has processes where they are, and is free elsewhere", () => {
    const busy = divided({ occupancy: { kind: "busy", processes: [process(7), process(8)] } });
    const by = [`by ${address} 2 0 7 2296 /root/my tool, v2`, `by ${address} 2 0 8 N/A `];
    const parts = partsOf(`part ${address} 0 2 0 40448 11091`, idle[1]!, ...by);
    const gpus = aBoard(...list, ...parts).joined([busy], noList, 1_000);
    assert.deepEqual(uses(gpus), ["divided", "7,8", "free"]);
    const { occupancy } = gpus[1]!;
    assert.deepEqual(
      occupancy.kind === "busy" && occupancy.processes.map(({ name, memoryBytes }) => [name, memoryBytes]),
      [
        ["/root/my tool, v2", { value: 2296 * mib }],
        ["?", { unsupported: "not-supported" }],
      ],
    );
    // One that no instance is known to have is said of the whole.
    const other = divided({ occupancy: { kind: "busy", processes: [process(7), process(9)] } });
    assert.deepEqual(uses(aBoard(...list, ...parts).joined([other], noList, 1_000)), ["7,9", "7,8", "free"]);
  });

  it("is used by what the process query lists under an instance's own id", () => {
    const listOf = (uuid: string): ProcessList => ({
      kind: "known",
      processes: uuid === instance(1) ? [process(5)] : [],
    });
    const gpus = aBoard(...list, ...partsOf(...idle)).joined([divided()], listOf, 1_000);
    assert.deepEqual(uses(gpus), ["divided", "free", "5"]);
  });

  it("is not called free where nobody tells which part is used", () => {
    const busy = divided({ occupancy: { kind: "busy", processes: [process(7)] } });
    assert.deepEqual(uses(aBoard(...list).joined([busy], noList, 1_000)), ["7", "unplaced", "unplaced"]);
    // What was told long ago is no answer.
    const board = aBoard(...list, ...partsOf(...idle));
    const late = board.joined([busy], noList, 60_000);
    assert.deepEqual(uses(late), ["7", "unplaced", "unplaced"]);
    assert.deepEqual(late[1]?.memoryUsedBytes, { unsupported: "not-measured" });
    // One instance alone has what its GPU has.
    const one = [...list.slice(0, 3), "#end 0"];
    assert.deepEqual(uses(aBoard(...one).joined([busy], noList, 1_000)), ["divided", "7"]);
    const unknown = divided({ occupancy: { kind: "unknown", reason: "unlisted-memory" } });
    assert.deepEqual(uses(aBoard(...list).joined([unknown], noList, 1_000)).slice(1), [
      "unlisted-memory",
      "unlisted-memory",
    ]);
  });

  it("whose processes are hidden, or that uses memory without any, is not free", () => {
    const hidden = [...idle, `by ${address} 9 0 [Insufficient [N/A] x`];
    assert.deepEqual(uses(aBoard(...list, ...partsOf(...hidden)).joined([divided()], noList, 1_000)), [
      "divided",
      "free",
      "denied",
    ]);
    const full = [idle[0]!, `part ${address} 1 9 0 9984 9000`];
    assert.deepEqual(uses(aBoard(...list, ...partsOf(...full)).joined([divided()], noList, 1_000)), [
      "divided",
      "free",
      "unlisted-memory",
    ]);
  });

  it("that is lost takes its instances with it", () => {
    const fault = { unsupported: "fault" } as const;
    const lost = divided({
      memoryUsedBytes: fault,
      health: { kind: "fault", reasons: [{ code: "gpu-lost", text: "x" }] },
      occupancy: { kind: "unknown", reason: "gpu-lost" },
    });
    const gpus = aBoard(...list, ...partsOf(...idle)).joined([lost], noList, 1_000);
    assert.deepEqual(uses(gpus), ["divided", "gpu-lost", "gpu-lost"]);
    assert.ok(gpus.every(({ health }) => health.kind === "fault"));
    assert.deepEqual(gpus[1]?.memoryUsedBytes, fault);
  });

  it("keeps its instances from one probe to the next, and while the tool fails", () => {
    const before = aBoard(...list, ...partsOf(...idle)).joined([divided()], noList, 1_000);
    const board = new MigBoard(before);
    const names = (): string[] =>
      board.joined([divided()], noList, 1_000).map(({ uuid, name }) => `${uuid} ${name}`);
    assert.deepEqual(
      names(),
      before.map(({ uuid, name }) => `${uuid} ${name}`),
    );
    assert.equal(board.answered, false);
    for (const line of ["#begin 15 list", "Failed to initialize NVML: Unknown Error", "#end 255"])
      board.line(line, 1);
    assert.equal(names().length, 3);
    // Divided anew.
    for (const line of [...list.slice(0, 3), "#end 0"]) board.line(line, 1);
    assert.equal(names().length, 2);
    board.forgetKnown();
    assert.deepEqual(names(), [`${parent} NVIDIA H100 80GB HBM3`]);
  });

  it("says with one line only that both answers are there", () => {
    const board = new MigBoard([]);
    const news = [...list, ...partsOf(...idle), ...partsOf(...idle)].map((line) => board.line(line, 1));
    assert.equal(news.filter(Boolean).length, 1);
    assert.equal(news.indexOf(true), list.length + idle.length + 1);
  });

  it("without a list is one that nothing runs on", () => {
    assert.equal(countedGpus(new MigBoard([]).joined([divided()], noList, 1)).length, 0);
  });
});

describe("what nvidia-smi says of instances, damaged in whatever way,", () => {
  const texts = [
    [...list.slice(1, -1), ...idle, `by ${address} 2 1 7711 2296 /root/tools/memhog`].join("\n"),
    "GPU 1: x (UUID: GPU-1)\n  MIG 1c.3g.40gb  Device  11: (UUID: MIG-GPU-1/1/1)",
  ];
  for (const [at, text] of texts.entries())
    it(`is no error and no figure that was not there (${at})`, () => {
      const harm = fc.tuple(
        fc.nat({ max: text.length }),
        fc.nat({ max: 40 }),
        fc.string({ maxLength: 12, unit: "binary" }),
      );
      fc.assert(
        fc.property(fc.array(harm, { minLength: 1, maxLength: 6 }), (harms) => {
          const broken = harms.reduce(
            (now, [from, takes, puts]) => now.slice(0, from) + puts + now.slice(from + takes),
            text,
          );
          for (const gpu of parseNvidiaSmiList(broken))
            for (const { uuid } of gpu.instances) assert.ok(uuid.startsWith("MIG-") && broken.includes(uuid));
          for (const { parts, processes } of parseMigParts(broken).values()) {
            for (const { usedBytes, totalBytes } of parts.values())
              for (const metric of [usedBytes, totalBytes])
                if ("value" in metric) assert.ok(metric.value > 0 || /\b0/.test(broken), broken);
            for (const { process: one } of processes) assert.ok(broken.includes(String(one.pid)));
          }
        }),
        { numRuns: 250 },
      );
    });
  it("makes no more GPUs of a host than a host can have", () => {
    const many = Array.from({ length: 9_000 }, (_, n) => `MIG 1g.10gb Device ${n % 100}: (UUID: MIG-${n})`);
    const text = [...list.slice(1, 2), ...many, "GPU 1: x (UUID: GPU-1)", ...many].join("\n");
    const instances = parseNvidiaSmiList(text).flatMap((gpu) => gpu.instances);
    assert.equal(instances.length, 256);
  });
  it("may be any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (any) => {
        parseNvidiaSmiList(any);
        parseMigParts(any);
        const board = new MigBoard([]);
        for (const line of ["#begin 15 list", ...any.split("\n"), "#end 0", "#begin 15 parts", any, "#end 0"])
          board.line(line, 1);
        board.joined([divided()], noList, 1);
      }),
    );
  });
});
