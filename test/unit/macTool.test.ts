import assert from "node:assert/strict";
import { aProbe, hello, tick } from "../support/scriptedFrames.ts";

const displays = (...gpus: readonly object[]): string[] => [
  "X #begin 1 displays",
  `X ${JSON.stringify({ SPDisplaysDataType: gpus })}`,
  "X #end 0",
];
const m4 = { spdisplays_vendor: "sppci_vendor_Apple", sppci_model: "Apple M4" };
const accelerators = (load: number, used = 33_390_592, code = 0): string[] => [
  "X #begin 1 accelerators",
  "X +-o AGXAcceleratorG16G  <class AGXAcceleratorG16G, id 0x1000003e0, registered, matched>",
  `X   "PerformanceStatistics" = {"Device Utilization %"=${load},"In use system memory"=${used}}`,
  `X #end ${code}`,
];
const boot = "01234567-89ab-cdef-0123-456789abcdef";
const mac = (): string[] => [
  ...hello("none")
    .filter((line) => !line.startsWith("H boot"))
    .map((line) => line.replace("Linux 6.1.0 x86_64", "Darwin 24.1.0 arm64")),
  "H asks mac",
  "O hw.memsize: 1000000000",
  `O kern.bootsessionuuid: ${boot.toUpperCase()}`,
  "T",
];
const shown = (probe: ReturnType<typeof aProbe>) =>
  probe.last.gpus.map(({ uuid, name, utilizationPct }) => [uuid, name, utilizationPct]);
const aMac = () => {
  const probe = aProbe();
  probe.say(0, ...mac(), ...displays(m4), ...accelerators(25));
  return probe;
};

describe("the GPU of a Mac", () => {
  it("has the name that is listed and the figures that are counted, each time they are", () => {
    const probe = aProbe();
    probe.say(0, ...mac());
    assert.equal(probe.frames.isSettled(0), false);
    probe.say(700, ...displays(m4));
    assert.deepEqual([probe.readings.length, probe.frames.isSettled(700)], [0, false]);
    probe.say(900, ...accelerators(25));
    assert.equal(probe.frames.isSettled(900), true);
    assert.deepEqual(shown(probe), [["mac:apple:0", "Apple M4", { value: 25 }]]);
    const [gpu] = probe.last.gpus;
    assert.deepEqual(gpu?.memoryUsedBytes, { value: 33_390_592 });
    assert.deepEqual(gpu.memoryTotalBytes, { value: 666_666_666 }); // two thirds, where nobody set anything else
    assert.deepEqual(gpu.occupancy, { kind: "unknown", reason: "not-supported" });
    // A tick in between gives out nothing: the next figures will.
    probe.say(1_000, "T");
    assert.equal(probe.readings.length, 1);
    probe.say(1_900, "O iogpu.wired_limit_mb: 500", ...accelerators(30));
    assert.deepEqual(shown(probe), [["mac:apple:0", "Apple M4", { value: 30 }]]);
    assert.deepEqual(probe.last.gpus[0]?.memoryTotalBytes, { value: 500 * 1024 ** 2 });
  });

  it("is not listed again by the next probe, and is what it was until then", () => {
    const first = aMac();
    assert.equal(first.frames.listedBoot, null);
    const next = aProbe({ startedAtMs: 20_000, carry: first.frames.carry() });
    assert.equal(next.frames.listedBoot, boot);
    next.say(20_100, ...mac());
    next.say(20_300, ...accelerators(12));
    assert.deepEqual(shown(next), [["mac:apple:0", "Apple M4", { value: 12 }]]);
    const silent = aProbe({ startedAtMs: 20_000, carry: first.frames.carry() });
    silent.say(20_100, ...mac());
    assert.equal(silent.readings.length, 0);
    silent.say(30_900, "T");
    assert.equal(silent.readings.length, 0);
    silent.say(31_100, "T");
    assert.deepEqual(shown(silent), [["mac:apple:0", "Apple M4", { unsupported: "fault" }]]);
    assert.equal(silent.last.gpuProblem?.code, "no-answer");
  });

  it("stays, without figures, where its driver fails, hangs or falls silent", () => {
    const failed = aMac();
    failed.say(1_000, ...accelerators(25, 1, 70));
    assert.deepEqual(shown(failed), [["mac:apple:0", "Apple M4", { unsupported: "fault" }]]);
    assert.deepEqual(failed.last.gpuProblem, { code: "tool-failed", detail: "ioreg ended with 70" });
    failed.say(2_000, ...accelerators(26));
    assert.deepEqual([shown(failed)[0]?.[2], failed.last.gpuProblem], [{ value: 26 }, null]);
    const silent = aMac();
    for (const atMs of [1_000, 2_000, 3_000, 4_000, 5_000]) silent.say(atMs, "T");
    assert.deepEqual(shown(silent)[0]?.[2], { value: 25 });
    silent.say(6_000, "T");
    assert.deepEqual(shown(silent)[0]?.[2], { unsupported: "fault" });
    assert.equal(silent.last.gpuProblem?.code, "no-answer");
    const wedged = aProbe();
    wedged.say(0, ...mac(), "X #wedged");
    assert.deepEqual(
      [wedged.last.gpus, wedged.last.gpuProblem],
      [[], { code: "wedged", detail: "ioreg hangs in the driver" }],
    );
  });

  it("is no GPU where none is listed, and no matter of lines that make no sense", () => {
    const virtual = aProbe();
    virtual.say(0, ...mac(), ...displays({ _name: "spdisplays_display" }), ...accelerators(3));
    assert.deepEqual([virtual.last.gpus, virtual.last.gpuProblem], [[], null]);
    const torn = aMac();
    torn.say(
      500,
      "X",
      "X #",
      "X #end",
      "X #end 0",
      "X #begin",
      "X #begin 0 x",
      "X #asleep 9999 a",
      "X #run x",
      "X {",
    );
    torn.say(600, "X #begin 1 accelerators", "X #begin 1 accelerators", ...accelerators(31));
    assert.deepEqual(shown(torn), [["mac:apple:0", "Apple M4", { value: 31 }]]);
    const other = aProbe();
    other.say(0, ...hello("none"), ...tick(10), ...accelerators(25), "H asks nothing", ...tick(20));
    assert.deepEqual([other.last.gpus, other.frames.state.garbageLines], [[], 4]);
  });
});
