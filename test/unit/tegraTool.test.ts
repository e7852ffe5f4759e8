import assert from "node:assert/strict";
import { aProbe, every, hello, start, tick } from "../support/scriptedFrames.ts";

const line = (load: number): string =>
  `X 06-18-2025 11:25:24 RAM 3452/7620MB (lfb 25x4MB) CPU [1%@1420] GR3D_FREQ ${load}% gpu@49.031C VDD_IN 4824mW/4824mW VDD_CPU_GPU_CV 518mW/518mW`;
const asks = ["H asks tegra", "H model NVIDIA Jetson Orin Nano Developer Kit"];
const shown = (probe: ReturnType<typeof aProbe>) =>
  probe.last.gpus.map(({ uuid, name, utilizationPct, powerW }) => [uuid, name, utilizationPct, powerW]);
const jetson = (options: Parameters<typeof aProbe>[0] = {}) => {
  const probe = aProbe(options);
  probe.say(options.startedAtMs ?? 0, ...hello("none"), ...asks, ...tick(10), "X #run 1");
  return probe;
};
const name = "NVIDIA Jetson Orin Nano Developer Kit";

describe("the GPU of a Jetson", () => {
  it("has the figures of each line, and the name of the machine", () => {
    const probe = jetson();
    assert.deepEqual([probe.readings.length, probe.frames.isSettled(0)], [0, false]);
    probe.say(1_000, line(42));
    assert.equal(probe.frames.isSettled(1_000), true);
    assert.deepEqual(shown(probe), [["integrated:nvidia", name, { value: 42 }, { value: 0.518 }]]);
    assert.equal(probe.last.gpus[0]?.memoryKind, "unified");
    assert.deepEqual(probe.last.gpus[0].occupancy, { kind: "unknown", reason: "not-supported" });
  });

  it("is what it was while a new probe begins, and stays without figures where the tool ends or falls silent", () => {
    const first = jetson();
    first.say(1_000, line(42));
    const carry = first.frames.carry();
    const next = jetson({ startedAtMs: 9_000, carry });
    next.say(9_900, line(43));
    assert.deepEqual(shown(next), [["integrated:nvidia", name, { value: 43 }, { value: 0.518 }]]);
    const ended = jetson({ startedAtMs: 9_000, carry });
    ended.say(9_100, "X #exit 1");
    assert.deepEqual(shown(ended)[0]?.[2], { unsupported: "fault" });
    assert.deepEqual(ended.last.gpuProblem, { code: "tool-failed", detail: "tegrastats ended with 1" });
    const silent = jetson();
    silent.say(1_000, line(42));
    silent.say(1_000 + 3 * every + 2_001, "T");
    assert.deepEqual(shown(silent)[0]?.[2], { unsupported: "fault" });
    assert.equal(silent.last.gpuProblem?.code, "no-answer");
  });

  it("is one with what nvidia-smi names, whose own figures count", () => {
    const orin = "G [N/A], [N/A], [N/A], [N/A], [N/A], Orin (nvgpu)";
    const thor = "G GPU-0a0a0a0a-1111-4222-8333-000000000001, 00000000:01:00.0, [N/A], [N/A], 7, NVIDIA Thor";
    for (const [row, uuid, load] of [
      [orin, "integrated:nvidia", 42],
      [thor, "GPU-0a0a0a0a-1111-4222-8333-000000000001", 7],
    ] as const) {
      const probe = aProbe();
      probe.say(0, ...hello("/usr/bin/nvidia-smi"), ...asks, ...tick(10), "X #run 1", start, row);
      probe.say(1_000, line(42));
      probe.flush(4_000);
      assert.deepEqual(
        probe.last.gpus.map((gpu) => [gpu.uuid, gpu.utilizationPct, gpu.powerW, gpu.occupancy]),
        [[uuid, { value: load }, { value: 0.518 }, { kind: "unknown", reason: "not-supported" }]],
      );
      const next = aProbe({ startedAtMs: 9_000, carry: probe.frames.carry() });
      next.say(9_000, ...hello("/usr/bin/nvidia-smi"), ...asks, ...tick(20), "X #run 1", start, row);
      next.say(9_500, line(43));
      next.flush(12_000);
      assert.equal(next.last.gpus.length, 1);
    }
  });

  it("is no matter of an nvidia-smi that cannot tell of it", () => {
    const probe = aProbe();
    probe.say(0, ...hello("/usr/bin/nvidia-smi"), ...asks, ...tick(10), "X #run 1", line(42));
    probe.say(100, start, "G NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.");
    probe.say(200, "G #exit 9");
    probe.flush(4_000);
    probe.say(4_000, ...tick(20));
    assert.deepEqual(shown(probe), [["integrated:nvidia", name, { value: 42 }, { value: 0.518 }]]);
    assert.equal(probe.last.gpuProblem, null);
    // Nor is it one for the next probe, which knows the GPU from before.
    const next = aProbe({ startedAtMs: 9_000, carry: probe.frames.carry() });
    next.say(9_000, ...hello("/usr/bin/nvidia-smi"), ...asks, ...tick(30), "X #run 1", start);
    next.say(
      9_100,
      "G NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
      "G #exit 9",
    );
    next.say(9_900, line(44));
    next.flush(13_000);
    next.say(13_000, ...tick(40));
    assert.deepEqual(shown(next), [["integrated:nvidia", name, { value: 44 }, { value: 0.518 }]]);
    assert.equal(next.last.gpuProblem, null);
  });

  it("is not in fault while the tool's first line of a slow cadence is still to come", () => {
    const first = jetson();
    first.say(1_000, line(42));
    const next = aProbe({ cadenceMs: 15_000, startedAtMs: 20_000, carry: first.frames.carry() });
    next.say(20_100, ...hello("none"), ...asks, ...tick(20), "X #run 15");
    next.say(35_150, "T");
    assert.equal(next.readings.length, 0);
    next.say(35_400, line(43));
    assert.deepEqual(shown(next)[0]?.[2], { value: 43 });
  });
});
