import assert from "node:assert/strict";
import type { GpuReading } from "../../protocol/reading.ts";
import {
  aProbe,
  appsHeader,
  appsStart,
  aRunningProbe,
  gpuRow,
  hello,
  start,
  tick,
  uuidOf,
} from "../support/scriptedFrames.ts";

const codesOf = ({ health }: GpuReading): string[] =>
  health.kind === "fault" ? health.reasons.map(({ code }) => code) : [];

describe("probe frames", () => {
  it("keep a GPU whose rows stop, as a fault, and its neighbour's figures", () => {
    const probe = aRunningProbe();
    for (let at = 1000; at <= 20_000; at += 1000) {
      probe.say(at, ...tick(10 + at / 1000), gpuRow(2, "0", "4"));
      probe.flush(at + 200);
    }
    assert.deepEqual(probe.gpu(1).utilizationPct, { unsupported: "fault" });
    assert.deepEqual(probe.gpu(1).memoryUsedBytes, { unsupported: "fault" });
    assert.deepEqual(probe.gpu(1).occupancy, { kind: "unknown", reason: "no-answer" });
    assert.equal(probe.gpu(1).atMs, 50);
    assert.deepEqual(codesOf(probe.gpu(1)), ["no-answer"]);
    assert.deepEqual(probe.gpu(2).health, { kind: "unknown" });
    assert.equal(probe.gpu(2).occupancy.kind, "free");
  });

  it("go on without the GPUs when the tool hangs, and say that it does", () => {
    const probe = aRunningProbe();
    for (let at = 1000; at <= 20_000; at += 1000) probe.say(at, ...tick(10 + at / 1000));
    assert.equal(probe.last.atMs, 20_000);
    assert.equal(probe.last.gpuProblem?.code, "no-answer");
    assert.deepEqual(probe.gpu(1).powerW, { unsupported: "fault" });
    // That the tool says nothing of any of them is no word against one.
    assert.deepEqual(probe.gpu(1).health, { kind: "unknown" });
    probe.say(20_100, gpuRow(1), gpuRow(2));
    probe.flush(20_300);
    assert.equal(probe.last.gpuProblem, null);
    assert.deepEqual(probe.gpu(1).utilizationPct, { value: 50 });
  });

  it("say so when the tool never answers", () => {
    const probe = aProbe({ cadenceMs: 15_000 });
    probe.say(0, ...hello("/usr/bin/nvidia-smi"), start, ...tick(10));
    probe.say(15_000, ...tick(20));
    assert.equal(probe.last.gpuProblem?.code, "no-answer");
    assert.deepEqual(probe.last.gpus, []);
  });

  it("mark figures as an error when the tool ends, with its words, and take them back when it answers", () => {
    const probe = aRunningProbe();
    probe.say(
      1000,
      "G Failed to initialize NVML: Driver/library version mismatch",
      "G #exit 18",
      "A #exit 18",
    );
    probe.flush(1200);
    assert.equal(probe.last.gpuProblem?.code, "version-mismatch");
    assert.deepEqual(probe.gpu(1).utilizationPct, { unsupported: "error" });
    assert.deepEqual(probe.gpu(2).occupancy, { kind: "unknown", reason: "version-mismatch" });
    probe.say(31_000, start, gpuRow(1), gpuRow(2));
    assert.equal(probe.last.gpuProblem, null);
    assert.deepEqual(probe.gpu(1).utilizationPct, { value: 50 });
  });

  it("mark the very GPU that a sentence calls lost, at once, and keep the others", () => {
    const probe = aRunningProbe();
    const lost = "G Unable to determine the device handle for GPU0000:02:00.0: Unknown Error";
    const nameless = `G ${Array.from({ length: 6 }, () => "[Unknown Error]").join(", ")}`;
    probe.say(1000, gpuRow(1), lost, nameless);
    probe.flush(1200);
    assert.equal(probe.last.gpuProblem?.code, "gpu-lost");
    assert.deepEqual(probe.gpu(2).memoryUsedBytes, { unsupported: "fault" });
    assert.deepEqual(codesOf(probe.gpu(2)), ["gpu-lost"]);
    assert.deepEqual(probe.gpu(1).utilizationPct, { value: 50 });
  });

  it("ask on with fewer fields after an unknown one", () => {
    const probe = aProbe();
    probe.say(0, ...hello("/usr/bin/nvidia-smi"), start, ...tick(10), appsStart, appsHeader);
    probe.say(40, 'G Field "x" is not a valid field to query.', "G #exit 2", "G #start loop 1 uuid,name");
    probe.say(60, `G ${uuidOf(1)}, Tesla T4`);
    probe.flush(1000);
    assert.equal(probe.last.gpuProblem, null);
    assert.deepEqual(probe.gpu(1).utilizationPct, { unsupported: "unknown-field" });
  });

  it("never call a GPU free while the process query is silent or failed", () => {
    const probe = aProbe();
    probe.say(0, ...hello("/usr/bin/nvidia-smi"), start, gpuRow(2, "0", "4"), appsStart, ...tick(10));
    probe.flush(5_000);
    assert.deepEqual(probe.gpu(2).occupancy, { kind: "unknown", reason: "not-measured" });
    probe.say(6_000, appsHeader, gpuRow(2, "0", "4"));
    assert.equal(probe.gpu(2).occupancy.kind, "unknown", "rows may follow the header");
    probe.say(7_100, gpuRow(2, "0", "4"));
    assert.equal(probe.gpu(2).occupancy.kind, "free");
    probe.say(7_200, "A #exit 4", gpuRow(2, "0", "4"));
    assert.deepEqual(probe.gpu(2).occupancy, { kind: "unknown", reason: "error" });
  });

  it("forget a process two ticks after its last row, and a hidden one makes the list unknown", () => {
    const probe = aRunningProbe();
    probe.say(4_000, gpuRow(1), gpuRow(2, "0", "4"));
    assert.equal(probe.gpu(1).occupancy.kind, "busy");
    probe.say(4_100, gpuRow(1), gpuRow(2, "0", "4"));
    assert.deepEqual(probe.gpu(1).occupancy, { kind: "unknown", reason: "unlisted-memory" });
    probe.say(5_000, `A ${uuidOf(2)}, [Insufficient Permissions], [N/A], [Not Found]`);
    probe.say(5_100, gpuRow(1), gpuRow(2, "0", "4"));
    assert.deepEqual(probe.gpu(2).occupancy, { kind: "unknown", reason: "denied" });
  });

  it("leave a GPU asleep, which is no fault", () => {
    const probe = aRunningProbe();
    probe.say(
      15_000,
      "G #asleep 15 0000:02:00.0",
      "G #start once 15 uuid,pci.bus_id,memory.total,memory.used,utilization.gpu,name",
    );
    probe.say(15_100, gpuRow(1), "G #exit 0");
    probe.flush(15_400);
    assert.deepEqual(probe.gpu(2).utilizationPct, { unsupported: "not-measured" });
    assert.deepEqual(probe.gpu(2).occupancy, { kind: "unknown", reason: "asleep" });
    assert.equal(probe.last.gpuProblem?.code, "gpu-asleep");
    assert.deepEqual(probe.gpu(1).utilizationPct, { value: 50 });
  });
});
