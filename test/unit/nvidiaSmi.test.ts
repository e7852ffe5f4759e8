import assert from "node:assert/strict";
import { unowned } from "../../protocol/probe/processOwners.ts";
import { readFileSync } from "node:fs";
import { parseNvidiaSmiAppsLine } from "../../protocol/probe/nvidiaSmiApps.ts";
import { cellMetric } from "../../protocol/probe/nvidiaSmiCell.ts";
import { nvidiaSmiProblem } from "../../protocol/probe/nvidiaSmiProblem.ts";
import { nvidiaSmiFieldLists, parseNvidiaSmiLine } from "../../protocol/probe/nvidiaSmiRow.ts";
import { plainCells } from "../support/nvidiaCells.ts";
import type { GpuFigures } from "../../protocol/probe/gpuFigures.ts";

const mib = 1024 * 1024;
const [, , full, some, least] = nvidiaSmiFieldLists;

function gpuOf(line: string, fields: readonly string[] = full): GpuFigures & { fault: boolean } {
  const parsed = parseNvidiaSmiLine(fields, line, 7);
  assert.ok(parsed.kind === "gpu", line);
  return { ...parsed.gpu, fault: parsed.fault };
}

const plain: Record<(typeof full)[number], string> = plainCells;
const row = (cells: Partial<Record<(typeof full)[number], string>> = {}) =>
  full.map((field) => cells[field] ?? plain[field]).join(", ");

describe("nvidia-smi cells", () => {
  const states: [string, string][] = [
    ["[N/A]", "not-supported"],
    ["N/A", "not-supported"],
    ["[Not Supported]", "not-supported"],
    ["[Requested functionality has been deprecated]", "not-supported"],
    ["[Function Not Found]", "not-supported"],
    ["", "not-supported"],
    ["[Unknown Error]", "error"],
    ["ERR!", "error"],
    ["[GPU requires reset]", "fault"],
    ["[GPU is lost]", "fault"],
    ["[Insufficient Permissions]", "denied"],
    ["[Something New]", "error"],
    ["Enabled", "error"],
    ["101", "error"],
    ["-1", "error"],
  ];
  for (const [cell, reason] of states) {
    it(`reads ${JSON.stringify(cell)} as ${reason}, never as a figure`, () => {
      assert.deepEqual(cellMetric(cell, { min: 0, max: 100 }), { unsupported: reason });
    });
  }

  it("reads numbers with and without their unit", () => {
    const limits = { min: 0, max: 1e8 };
    assert.deepEqual(cellMetric("81559 MiB", { ...limits, scale: mib }), { value: 81559 * mib });
    assert.deepEqual(cellMetric("97 %", limits), { value: 97 });
    assert.deepEqual(cellMetric("331.70", limits), { value: 331.7 });
  });
});

describe("nvidia-smi rows", () => {
  it("reads every figure of a good row in its unit", () => {
    assert.deepEqual(gpuOf(row()), {
      uuid: "GPU-0a0a0a0a-1111-4222-8333-00000000000a",
      index: 3,
      name: "NVIDIA GeForce RTX 3090",
      vendor: "nvidia",
      pciBusId: "00000000:1A:00.0",
      driverVersion: "595.80",
      memoryKind: "dedicated",
      utilizationPct: { value: 88 },
      memoryUsedBytes: { value: 20911 * mib },
      memoryTotalBytes: { value: 24576 * mib },
      temperatureC: { value: 79 },
      powerW: { value: 331.7 },
      powerLimitW: { value: 350 },
      health: { kind: "unknown" },
      throttle: null,
      division: { kind: "whole" },
      atMs: 7,
      fault: false,
    });
  });

  it("keeps the states of a mixed answer apart, and a name with a comma whole", () => {
    const text = readFileSync(new URL("../fixtures/probe/gpus-mixed.csv", import.meta.url), "utf8");
    const [busy, mig, dead, odd] = text
      .trim()
      .split("\n")
      .map((line) => gpuOf(line));
    assert.deepEqual(busy?.utilizationPct, { value: 98 });
    assert.deepEqual(mig?.utilizationPct, { unsupported: "not-supported" });
    assert.deepEqual(mig.memoryUsedBytes, { value: 59 * mib });
    assert.equal(dead?.fault, true);
    assert.deepEqual(odd?.memoryUsedBytes, { value: 4 * mib });
    assert.deepEqual(odd.utilizationPct, { value: 0 });
    assert.deepEqual(odd.temperatureC, { unsupported: "error" });
    assert.deepEqual(odd.powerW, { unsupported: "denied" });
    assert.deepEqual(odd.powerLimitW, { unsupported: "not-supported" });
    assert.equal(odd.name, "NVIDIA H100 80GB HBM3, special edition");
  });

  it("believes no figure of a GPU that requires a reset, not even its 0 MiB", () => {
    const dead = gpuOf(row({ "memory.used": "0", "temperature.gpu": "[GPU requires reset]" }));
    const { memoryUsedBytes, memoryTotalBytes, utilizationPct, powerW, powerLimitW, temperatureC } = dead;
    for (const metric of [
      memoryUsedBytes,
      memoryTotalBytes,
      utilizationPct,
      powerW,
      powerLimitW,
      temperatureC,
    ]) {
      assert.deepEqual(metric, { unsupported: "fault" });
    }
  });

  for (const name of ["NVIDIA GB10", "NVIDIA Thor", "NVIDIA Orin", "NVIDIA N1X"]) {
    it(`knows that ${name} shares the machine's memory, whatever it answers`, () => {
      for (const cell of ["[N/A]", "8128"]) {
        const gpu = gpuOf(row({ name, "memory.total": cell, "memory.used": cell }));
        assert.equal(gpu.memoryKind, "unified");
        assert.deepEqual(gpu.memoryTotalBytes, { unsupported: "unified" });
        assert.deepEqual(gpu.memoryUsedBytes, { unsupported: "unified" });
      }
    });
  }

  it("does not take a broken driver's [N/A] for unified memory", () => {
    const gpu = gpuOf(row({ "memory.total": "[N/A]", "memory.used": "[N/A]" }));
    assert.equal(gpu.memoryKind, "dedicated");
    assert.deepEqual(gpu.memoryTotalBytes, { unsupported: "not-supported" });
  });

  it("keeps a Jetson that says nothing but its name", () => {
    const gpu = gpuOf([...Array.from({ length: 10 }, () => "[N/A]"), "NVIDIA Orin"].join(", "));
    assert.equal(gpu.uuid, "integrated:nvidia");
    assert.equal(gpu.index, null);
  });

  it("says unknown-field for what a short field list did not ask", () => {
    const gpu = gpuOf("GPU-0a0a0a0a-1111-4222-8333-00000000000a, 15109, 3, 0, Tesla T4", some);
    assert.deepEqual(gpu.memoryUsedBytes, { value: 3 * mib });
    assert.deepEqual(gpu.powerW, { unsupported: "unknown-field" });
    const least_ = gpuOf("GPU-0a0a0a0a-1111-4222-8333-00000000000a, Tesla T4", least);
    assert.deepEqual(least_.memoryUsedBytes, { unsupported: "unknown-field" });
  });

  it("tells sentences and rows without a name from figures", () => {
    const kindOf = (line: string) => parseNvidiaSmiLine(full, line, 0).kind;
    assert.equal(kindOf("No devices were found"), "sentence");
    assert.equal(
      kindOf("Unable to determine the device handle for GPU0000:02:00.0: Unknown Error"),
      "sentence",
    );
    assert.equal(kindOf("a, b, c, d, e, f, g, h, i, j, k, l"), "sentence");
    assert.equal(kindOf(Array.from({ length: 11 }, () => "[Unknown Error]").join(", ")), "nameless");
    assert.equal(kindOf(""), "sentence");
  });
});

describe("nvidia-smi problems", () => {
  const cases: [string, number | null, string][] = [
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure …",
      9,
      "driver-not-loaded",
    ],
    ["Failed to initialize NVML: Driver/library version mismatch", 18, "version-mismatch"],
    ["No devices were found", 6, "no-devices"],
    ["Failed to initialize NVML: GPU access blocked by the operating system", 17, "blocked"],
    ["Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error", 15, "gpu-lost"],
    ['Field "power.draw" is not a valid field to query.', 2, "unknown-field"],
    ["WARNING: infoROM is corrupted at gpu 0000:B3:00.0", 14, "inforom-corrupted"],
    ["Failed to initialize NVML: Unknown Error", 255, "nvml-unknown"],
    ["Failed to initialize NVML: Something Else", null, "nvml-failed"],
    ["A sentence of tomorrow", null, "tool-message"],
  ];
  for (const [sentence, exitCode, code] of cases) {
    it(`finds ${code}`, () => {
      const problem = nvidiaSmiProblem([sentence], exitCode);
      assert.equal(problem?.code, code);
      assert.ok(problem.detail.includes(sentence));
    });
  }

  it("falls back to the exit code, and finds nothing where nothing was said", () => {
    assert.equal(nvidiaSmiProblem([], 16)?.code, "gpu-requires-reset");
    assert.equal(nvidiaSmiProblem([], 77)?.code, "tool-failed");
    assert.equal(nvidiaSmiProblem([], 0), null);
    assert.equal(nvidiaSmiProblem(["+-----+", "| x | y |", " "], null), null);
  });
});

describe("nvidia-smi process rows", () => {
  const uuid = "GPU-0a0a0a0a-1111-4222-8333-00000000000a";
  it("reads a process whose path holds commas and blanks", () => {
    const line = `${uuid}, 51877, 66090, /usr/local/bin/my tool serve, tensor 1`;
    assert.deepEqual(parseNvidiaSmiAppsLine(line), {
      kind: "process",
      gpuUuid: uuid,
      process: unowned({
        pid: 51877,
        name: "/usr/local/bin/my tool serve, tensor 1",
        memoryBytes: { value: 66090 * mib },
      }),
    });
  });

  it("keeps a process whose name or memory is hidden, and says so where the pid is", () => {
    const named = parseNvidiaSmiAppsLine(`${uuid}, 524, [N/A], [Insufficient Permissions]`);
    assert.ok(named.kind === "process" && named.process.name === "?");
    assert.deepEqual(named.process.memoryBytes, { unsupported: "not-supported" });
    const hidden = parseNvidiaSmiAppsLine(`${uuid}, [Insufficient Permissions], [N/A], [Not Found]`);
    assert.deepEqual(hidden, { kind: "hidden", gpuUuid: uuid });
  });

  it("knows the header and a sentence", () => {
    assert.equal(parseNvidiaSmiAppsLine("gpu_uuid, pid, used_gpu_memory [MiB], process_name").kind, "header");
    assert.equal(parseNvidiaSmiAppsLine("No devices were found").kind, "sentence");
  });
});
