import assert from "node:assert/strict";
import fc from "fast-check";
import { unowned } from "../../protocol/probe/processOwners.ts";
import { AmdBoard } from "../../protocol/probe/amd/amdBoard.ts";
import type { GpuReading } from "../../protocol/reading.ts";

const card = "0000:03:00.0";
const inside = "0000:c4:00.0";
const cells = "37 25753026560 8794341376 67000000000 27000000 49000 19000000 303000000";

function aBoard(...lines: string[]): AmdBoard {
  const board = new AmdBoard(0);
  say(board, ...lines);
  return board;
}
function say(board: AmdBoard, ...lines: string[]): void {
  for (const line of lines) assert.equal(board.line(line, 7), "part", line);
  assert.equal(board.line("- end 1", 7), "sample");
}
const only = (board: AmdBoard): GpuReading => {
  const { gpus } = board.snapshot(7);
  assert.equal(gpus.length, 1);
  return gpus[0]!;
};

describe("AMD's GPUs by the driver's files", () => {
  it("have their figures, and who computes there", () => {
    const board = aBoard(
      `${card} is AMD Radeon RX 7900 XTX`,
      `${card} kfd 30381`,
      `${card} at ${cells}`,
      "- listed",
      "- by 30381 4711 8000000000 python3 train.py",
      "- by 777 4713 5 elsewhere",
    );
    assert.deepEqual(only(board), {
      uuid: `pci:${card}`,
      index: 0,
      name: "AMD Radeon RX 7900 XTX",
      vendor: "amd",
      pciBusId: card,
      driverVersion: null,
      memoryKind: "dedicated",
      utilizationPct: { value: 37 },
      memoryUsedBytes: { value: 8_794_341_376 },
      memoryTotalBytes: { value: 25_753_026_560 },
      temperatureC: { value: 49 },
      powerW: { value: 19 },
      powerLimitW: { value: 303 },
      occupancy: {
        kind: "busy",
        processes: [unowned({ pid: 4711, name: "python3 train.py", memoryBytes: { value: 8_000_000_000 } })],
      },
      health: { kind: "unknown" },
      throttle: null,
      division: { kind: "whole" },
      atMs: 7,
    });
    assert.equal(board.snapshot(7).gpuProblem, null);
    say(board, `${card} at 0 25753026560 27947008 67000000000 0 31000 8000000 303000000`, "- listed");
    assert.deepEqual(only(board).occupancy, { kind: "free" });
    assert.deepEqual(only(board).utilizationPct, { value: 0 });
  });

  it("inside a processor have the carve-out and their share of its memory together", () => {
    const board = aBoard(
      `${inside} is AMD Radeon 8060S Graphics`,
      `${inside} at 12 536870912 200000000 103079215104 27000000 49000 19000000 -`,
    );
    const { memoryKind, memoryTotalBytes, memoryUsedBytes, powerLimitW } = only(board);
    assert.deepEqual(
      [memoryKind, memoryTotalBytes, memoryUsedBytes],
      ["unified", { value: 536_870_912 + 103_079_215_104 }, { value: 227_000_000 }],
    );
    assert.deepEqual(powerLimitW, { unsupported: "not-supported" });
  });

  it("are not free where nobody says who computes, or not all may be seen", () => {
    const at = `${card} at ${cells}`;
    const reasonOf = (board: AmdBoard): string => {
      const { occupancy } = only(board);
      return occupancy.kind === "unknown" ? occupancy.reason : occupancy.kind;
    };
    assert.equal(reasonOf(aBoard(at)), "not-supported");
    assert.equal(reasonOf(aBoard(at, "- listed")), "not-supported");
    const is = `${card} is AMD Radeon RX 7900 XTX`;
    assert.equal(reasonOf(aBoard(is, `${card} kfd 1`, at, "- listed", "- hidden")), "denied");
    assert.equal(reasonOf(aBoard(is, `${card} kfd 1`, at, "- listed")), "unlisted-memory");
    // Programs that compute by Vulkan are in no list; their memory is seen, also where it is the machine's.
    const shared = `${inside} at 3 536870912 500000000 103079215104 60000000000 49000 19000000 -`;
    const named = [`${inside} is AMD Radeon 8060S Graphics`, `${inside} kfd 2`];
    assert.equal(reasonOf(aBoard(...named, shared, "- listed")), "unlisted-memory");
  });

  it("that sleep keep their name and have no figures, and are read again once they are awake", () => {
    const board = aBoard(`${card} is AMD Radeon RX 7900 XTX`, `${card} asleep`);
    assert.deepEqual(only(board).utilizationPct, { unsupported: "not-measured" });
    assert.deepEqual(only(board).occupancy, { kind: "unknown", reason: "asleep" });
    assert.deepEqual(board.snapshot(7).gpuProblem, { code: "gpu-asleep", detail: card });
    say(board, `${card} at ${cells}`);
    assert.deepEqual(only(board).utilizationPct, { value: 37 });
    say(board, `${card} asleep`);
    assert.deepEqual(only(board).memoryTotalBytes, { value: 25_753_026_560 });
    assert.deepEqual(only(board).memoryUsedBytes, { unsupported: "not-measured" });
  });

  it("that were there and are not any more are in fault, also over a new start of the probe", () => {
    const board = aBoard(`${card} is AMD Radeon RX 7900 XTX`, `${card} at ${cells}`);
    const known = board.snapshot(7).gpus;
    for (const later of [board, new AmdBoard(0, known)]) {
      say(later);
      assert.deepEqual(only(later).utilizationPct, { unsupported: "fault" });
      assert.deepEqual(only(later).name, "AMD Radeon RX 7900 XTX");
      assert.deepEqual(later.snapshot(7).gpuProblem, { code: "gpu-lost", detail: card });
      later.forgetKnown();
      assert.deepEqual(later.snapshot(7), { gpus: [], gpuProblem: null });
    }
  });

  it("are what they were until the first sample of a new probe, and do not answer where none comes", () => {
    const known = aBoard(`${card} is AMD Radeon RX 7900 XTX`, `${card} at ${cells}`).snapshot(7).gpus;
    const later = new AmdBoard(100_000, known);
    assert.equal(later.answered, false);
    const [early] = later.snapshot(101_000).gpus;
    assert.deepEqual(
      [early?.name, early?.utilizationPct, early?.atMs],
      ["AMD Radeon RX 7900 XTX", { value: 37 }, 7],
    );
    const { gpus, gpuProblem } = later.snapshot(111_000);
    assert.deepEqual([gpus[0]?.utilizationPct, gpuProblem?.code], [{ unsupported: "fault" }, "no-answer"]);
    assert.equal(later.line(`${card} at ${cells}`, 112_000), "part");
    assert.equal(later.line("- end 15", 112_000), "sample");
    assert.equal(later.snapshot(150_000).gpuProblem, null);
    assert.equal(later.snapshot(160_000).gpuProblem?.code, "no-answer");
  });

  it("are in fault where a shell hangs in the driver, and are read once it does not", () => {
    const board = aBoard(`${card} at ${cells}`);
    assert.equal(board.line("- wedged", 9), "sample");
    assert.equal(board.snapshot(9).gpuProblem?.code, "wedged");
    assert.deepEqual(board.snapshot(9).gpus[0]?.utilizationPct, { unsupported: "fault" });
    say(board, `${card} at ${cells}`);
    assert.equal(board.snapshot(9).gpuProblem, null);
  });

  it("have the processes of all their parts, and no part is a GPU of its own", () => {
    const board = aBoard(
      `${card} kfd 9`,
      `${card} is AMD Instinct MI300X`,
      `${card} kfd 1`,
      `${card} kfd 2`,
      `${inside} kfd 3`,
      `${card} at ${cells}`,
      "- listed",
      "- by 1 11 5 one",
      "- by 2 12 5 two",
    );
    const { occupancy } = only(board);
    assert.ok(occupancy.kind === "busy");
    assert.deepEqual(
      occupancy.processes.map(({ pid }) => pid),
      [11, 12],
    );
  });

  it("are sound or not by the memory errors that the driver counts, and unknown where it does not", () => {
    const board = aBoard(`${card} is x`, `${card} at ${cells}`);
    assert.deepEqual(only(board).health, { kind: "unknown" });
    say(board, `${card} at ${cells}`, `${card} errors 0`);
    assert.deepEqual(only(board).health, { kind: "ok" });
    say(board, `${card} at ${cells}`, `${card} errors 3`);
    const { health } = only(board);
    assert.ok(health.kind === "fault");
    assert.deepEqual(health.reasons, [
      {
        code: "ecc-uncorrected",
        text: "3 memory errors that could not be corrected since its driver was loaded",
      },
    ]);
    // It is counted seldom, and stays known; of one that sleeps or is lost something else holds.
    say(board, `${card} at ${cells}`);
    assert.equal(only(board).health.kind, "fault");
    say(board, `${card} asleep`);
    assert.deepEqual(only(board).health, { kind: "unknown" });
    say(board);
    const lost = only(board).health;
    assert.deepEqual(lost.kind === "fault" && lost.reasons.map(({ code }) => code), ["gpu-lost"]);
  });

  it("are no matter of lines that make no sense", () => {
    const board = new AmdBoard(0);
    for (const line of [
      "",
      "x",
      card,
      `${card} at 1 2`,
      `${card} errors -`,
      `${card} flies`,
      "- by 1 x 3 y",
      "- of",
      "- end 0",
      `${card} kfd x`,
    ])
      assert.equal(board.line(line, 0), "garbage", line);
    say(board);
    assert.deepEqual(board.snapshot(7).gpus, []);
    // However many parts a card is said to have, in no time.
    const many = aBoard(`${card} is x`);
    for (let id = 0; id < 200_000; id += 1) many.line(`${card} kfd ${id}`, 7);
    assert.equal(many.snapshot(7).gpus.length, 1);
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 80 })), (lines) => {
        const any = new AmdBoard(0);
        for (const line of lines) any.line(line, 0);
        for (const line of lines) any.line(`${card} ${line}`, 0);
        any.line("- end 1", 0);
        any.snapshot(0);
      }),
    );
  });
});
