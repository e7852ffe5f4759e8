import assert from "node:assert/strict";
import fc from "fast-check";
import type { GpuFigures } from "../../protocol/probe/gpuFigures.ts";
import { nvidiaSmiFieldLists, parseNvidiaSmiLine } from "../../protocol/probe/nvidiaSmiRow.ts";
import { plainCells } from "../support/nvidiaCells.ts";

const [healthy, older, full, some, least] = nvidiaSmiFieldLists;

function gpuOf(line: string, fields: readonly string[]): GpuFigures {
  const parsed = parseNvidiaSmiLine(fields, line, 7);
  assert.ok(parsed.kind === "gpu", line);
  return parsed.gpu;
}

const plain: Readonly<Record<string, string>> = plainCells;

describe("the health of a GPU of NVIDIA", () => {
  const silent: Readonly<Record<string, string>> = {
    "clocks_event_reasons.active": "0x0000000000000000",
    "clocks_throttle_reasons.active": "0x0000000000000000",
  };
  const rowOf = (fields: readonly string[], cells: Readonly<Record<string, string>>) =>
    fields.map((field) => cells[field] ?? silent[field] ?? plain[field] ?? "[N/A]").join(", ");
  const stateOf = (cells: Readonly<Record<string, string>>, fields: readonly string[] = healthy) => {
    const { health } = gpuOf(rowOf(fields, cells), fields);
    return health.kind === "fault" ? health.reasons.map(({ code }) => code).join() : health.kind;
  };

  const states: [Readonly<Record<string, string>>, string][] = [
    [{}, "unknown"],
    [{ "ecc.errors.uncorrected.volatile.total": "0" }, "ok"],
    [{ gpu_recovery_action: "None" }, "ok"],
    [{ "remapped_rows.failure": "No", "remapped_rows.pending": "No" }, "ok"],
    [{ "retired_pages.pending": "No" }, "ok"],
    [{ gpu_recovery_action: "None", "temperature.gpu": "[Unknown Error]" }, "unknown"],
    [{ gpu_recovery_action: "None", "ecc.errors.uncorrected.volatile.total": "[Unknown Error]" }, "unknown"],
    [{ gpu_recovery_action: "A word of tomorrow" }, "unknown"],
    [{ gpu_recovery_action: "None", "temperature.gpu": "ERR!" }, "sensor-error"],
    [{ "ecc.errors.uncorrected.volatile.total": "2", gpu_recovery_action: "None" }, "ecc-uncorrected"],
    [
      { "remapped_rows.failure": "Yes", "remapped_rows.pending": "Yes" },
      "row-remap-failed,row-remap-pending",
    ],
    [{ "retired_pages.pending": "Yes" }, "page-retirement-pending"],
    [{ gpu_recovery_action: "Reset" }, "recovery-needed"],
    [{ gpu_recovery_action: "Drain P2P" }, "recovery-needed"],
    [{ "temperature.gpu": "[GPU requires reset]", gpu_recovery_action: "None" }, "requires-reset"],
    [{ "temperature.gpu": "[GPU is lost]" }, "gpu-lost"],
  ];
  for (const [cells, state] of states)
    it(`is ${state} by ${JSON.stringify(cells)}`, () => {
      assert.equal(stateOf(cells), state);
    });

  it("is told by the fields of an older driver, and not by those that are too old", () => {
    assert.equal(stateOf({ "ecc.errors.uncorrected.volatile.total": "0" }, older), "ok");
    assert.equal(stateOf({ "ecc.errors.uncorrected.volatile.total": "7" }, older), "ecc-uncorrected");
    for (const fields of [full, some, least]) assert.equal(stateOf({}, fields), "unknown");
  });

  const masks: [string, string[] | null][] = [
    ["0x0000000000000000", []],
    ["0x0000000000000001", []],
    ["0x0000000000000102", []],
    ["0x0000000000000004", ["power-cap"]],
    ["0x0000000000000048", ["hw-slowdown", "hw-thermal"]],
    ["0x00000000000000B0", ["sync-boost", "thermal", "power-brake"]],
    ["0x0000000000000200", ["other"]],
    ["0x8000000000000004", ["power-cap", "other"]],
    ["[N/A]", null],
    ["Active", null],
    ["0x", null],
    ["4", null],
  ];
  for (const [mask, throttle] of masks)
    it(`knows from ${mask} what holds it back: ${throttle?.join() ?? "not known"}`, () => {
      for (const [fields, field] of [
        [healthy, "clocks_event_reasons.active"],
        [older, "clocks_throttle_reasons.active"],
      ] as const)
        assert.deepEqual(gpuOf(rowOf(fields, { [field]: mask }), fields).throttle, throttle);
    });

  it("is never ok by an answer, however damaged, in which nothing says so", () => {
    const line = rowOf(healthy, { "clocks_event_reasons.active": "0x0000000000000004" });
    const anyHarm = fc.tuple(fc.nat({ max: line.length }), fc.nat({ max: 60 }), fc.string({ maxLength: 9 }));
    fc.assert(
      fc.property(fc.array(anyHarm, { minLength: 1, maxLength: 5 }), (harms) => {
        const broken = harms.reduce(
          (text, [at, takes, puts]) => text.slice(0, at) + puts + text.slice(at + takes),
          line,
        );
        const parsed = parseNvidiaSmiLine(healthy, broken, 7);
        // A figure may be pushed under another field's name, and so may be its 0.
        if (parsed.kind === "gpu" && broken.split(", ").length === healthy.length)
          assert.ok(parsed.gpu.health.kind !== "ok" || /, 0+,|, no,|, none,/i.test(broken), broken);
      }),
      { numRuns: 500 },
    );
  });
});
