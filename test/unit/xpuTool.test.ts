import assert from "node:assert/strict";
import { aProbe, hello, tick } from "../support/scriptedFrames.ts";

const device = (number: number, name: string): string =>
  `{"device_id": ${number}, "device_name": "${name}", "memory_physical_size_byte": "25669140480", "pci_bdf_address": "0000:${97 + number}:00.0"}`;
const listed = (...devices: readonly string[]): string[] => [
  "X #begin 1 discovery",
  `X {"device_list": [${devices.join(", ")}]}`,
  "X #end 0",
];
const header =
  "X Timestamp, DeviceId, GPU Utilization (%), GPU Power (W), GPU Core Temperature (Celsius Degree), GPU Memory Used (MiB)";
const row = (number: number, load: string | number): string =>
  `X 18:38:50.000,    ${number}, ${load}, 43.72, 24.00, 512.00`;
const two = listed(device(0, "Intel(R) Arc(TM) Pro B60"), device(1, "Intel(R) Arc(TM) A770"));
const [first, second] = ["pci:0000:97:00.0", "pci:0000:98:00.0"];

const aHost = (options: Parameters<typeof aProbe>[0] = {}) => {
  const probe = aProbe(options);
  probe.say(options.startedAtMs ?? 0, ...hello("none"), "H asks xpu", ...tick(10));
  return probe;
};
const aRunningHost = () => {
  const probe = aHost();
  probe.say(10, ...two, "X #run 1");
  probe.say(900, header, row(0, "N/A"), row(1, 7));
  probe.say(1_900, row(0, 42), row(9, 50), row(1, 8));
  return probe;
};
const shown = (probe: ReturnType<typeof aProbe>) =>
  probe.last.gpus.map(({ uuid, name, utilizationPct }) => [uuid, name, utilizationPct]);

describe("GPUs of Intel", () => {
  it("are those that are listed, with the newest row of each", () => {
    const probe = aHost();
    probe.say(10, ...two, "X #run 1", header, row(0, 5));
    assert.deepEqual([probe.readings.length, probe.frames.isSettled(10)], [0, false]);
    const running = aRunningHost();
    assert.equal(running.frames.isSettled(1_900), true);
    assert.equal(running.readings.length, 2);
    assert.deepEqual(shown(running), [
      [first, "Intel Arc Pro B60", { value: 42 }],
      [second, "Intel Arc A770", { value: 8 }],
    ]);
    const [gpu] = running.last.gpus;
    assert.deepEqual([gpu?.memoryUsedBytes, gpu?.powerW], [{ value: 512 * 1024 ** 2 }, { value: 43.72 }]);
    assert.ok(running.last.gpus.every(({ occupancy }) => occupancy.kind === "unknown"));
  });

  it("are what they were while a new probe begins, and without figures where the tool ends or falls silent", () => {
    const carry = aRunningHost().frames.carry();
    const next = aHost({ startedAtMs: 9_000, carry });
    assert.equal(next.readings.length, 0);
    next.say(9_900, ...two, "X #run 1", header, row(0, 1), row(1, 2));
    assert.deepEqual(
      shown(next).map(([, , load]) => load),
      [{ value: 1 }, { value: 2 }],
    );
    next.say(10_000, "X #exit 1");
    assert.deepEqual(next.last.gpuProblem, { code: "tool-failed", detail: "xpu-smi ended with 1" });
    assert.deepEqual(
      shown(next).map(([, , load]) => load),
      [{ unsupported: "fault" }, { unsupported: "fault" }],
    );
    const silent = aRunningHost();
    silent.say(6_901, "T");
    assert.equal(silent.last.gpuProblem?.code, "no-answer");
    assert.equal(silent.last.gpus.length, 2);
  });

  it("have no figures any more where their own rows stop, whatever the others do", () => {
    const probe = aRunningHost();
    for (const atMs of [2_900, 3_900, 4_900, 5_900, 6_900]) probe.say(atMs, row(1, 9));
    assert.deepEqual(
      shown(probe).map(([, , load]) => load),
      [{ value: 42 }, { value: 9 }],
    );
    probe.say(7_900, row(1, 9));
    assert.deepEqual(
      shown(probe).map(([, , load]) => load),
      [{ unsupported: "fault" }, { value: 9 }],
    );
  });

  it("that were there and are not listed any more are lost, over another probe too", () => {
    let carry = aRunningHost().frames.carry();
    for (const startedAtMs of [9_000, 19_000]) {
      const next = aHost({ startedAtMs, carry });
      next.say(
        startedAtMs + 900,
        ...listed(device(1, "Intel(R) Arc(TM) A770")),
        "X #run 1",
        header,
        row(1, 2),
      );
      assert.deepEqual(shown(next), [
        [second, "Intel Arc A770", { value: 2 }],
        [first, "Intel Arc Pro B60", { unsupported: "fault" }],
      ]);
      assert.deepEqual(next.last.gpuProblem, { code: "gpu-lost", detail: "0000:97:00.0" });
      carry = next.frames.carry();
      // Also where it was the only one.
      next.say(startedAtMs + 1_500, ...listed(), "X #run 1", "X #exit 1");
      next.say(startedAtMs + 9_900, "T");
      assert.equal(next.last.gpuProblem?.code, "gpu-lost");
    }
  });

  it("are read on after the service's clock was set back", () => {
    const probe = aRunningHost();
    const before = probe.readings.length;
    probe.say(-3_600_000, row(0, 5), row(1, 6), "T");
    probe.say(-3_599_000, row(0, 6), row(1, 7), "T");
    assert.equal(probe.readings.length, before + 2);
    assert.deepEqual(shown(probe)[1]?.[2], { value: 7 });
  });

  it("are bounded in number, and so are readings, whatever the script says", () => {
    const probe = aHost();
    for (let n = 0; n < 500; n += 1) {
      const addresses = Array.from(
        { length: 256 },
        (_, at) => `${(n * 256 + at).toString(16).padStart(4, "0")}:01:00.0`,
      );
      probe.say(20 + (n % 10), `X #asleep 15 ${addresses.join(",")}`);
    }
    assert.equal(probe.readings.length, 1);
    probe.say(2_000, "T");
    assert.ok(probe.last.gpus.length <= 64);
  });

  it("are none where none is listed, and a tool that fails says so", () => {
    for (const [answer, end, code] of [
      ['X {"device_list": "No device discovered"}', 0, undefined],
      ["X Error: level zero is missing", 0, "tool-message"],
      ["X", 139, "tool-failed"],
    ] as const) {
      const probe = aHost();
      probe.say(0, "X #begin 1 discovery", answer, `X #end ${end}`);
      assert.equal(probe.frames.isSettled(0), true);
      assert.deepEqual([probe.last.gpus, probe.last.gpuProblem?.code], [[], code]);
      // Where there is none, the rows that do not come are no failure.
      if (code === undefined) {
        probe.say(600, "X #run 1", "X #exit 1");
        probe.say(62_000, "T");
      }
      assert.equal(probe.last.gpuProblem?.code, code);
    }
  });

  it("that sleep are left so and keep their name, and those that nobody has listed have an address", () => {
    const probe = aRunningHost();
    probe.say(2_900, "X #asleep 15 0000:98:00.0");
    assert.deepEqual(probe.last.gpuProblem, { code: "gpu-asleep", detail: "0000:98:00.0" });
    assert.deepEqual(shown(probe), [
      [first, "Intel Arc Pro B60", { unsupported: "not-measured" }],
      [second, "Intel Arc A770", { unsupported: "not-measured" }],
    ]);
    assert.deepEqual(probe.last.gpus[1]?.occupancy, { kind: "unknown", reason: "asleep" });
    // Looked at again after 15 s: until then nobody is silent.
    probe.say(40_000, "T");
    assert.equal(probe.last.gpuProblem?.code, "gpu-asleep");
    const known = aHost({ startedAtMs: 50_000, carry: probe.frames.carry() });
    known.say(50_100, "X #asleep 15 0000:97:00.0,0000:98:00.0");
    assert.deepEqual(
      shown(known).map(([uuid, name]) => [uuid, name]),
      [
        [first, "Intel Arc Pro B60"],
        [second, "Intel Arc A770"],
      ],
    );
    const unknown = aHost();
    unknown.say(100, "X #asleep 15 0000:98:00.0");
    assert.deepEqual(shown(unknown), [[second, "Intel GPU", { unsupported: "not-measured" }]]);
    unknown.say(
      20_000,
      ...two,
      "X #begin 15 dump",
      header,
      row(0, "N/A"),
      row(1, "N/A"),
      row(0, 3),
      row(1, 4),
      "X #end 0",
    );
    assert.deepEqual(shown(unknown), [
      [first, "Intel Arc Pro B60", { value: 3 }],
      [second, "Intel Arc A770", { value: 4 }],
    ]);
    assert.equal(unknown.last.gpuProblem, null);
  });
});
