import assert from "node:assert/strict";
import { StringDecoder } from "node:string_decoder";
import fc from "fast-check";
import { hostReadingSchema } from "../../protocol/reading.ts";
import {
  aProbe,
  appsHeader,
  appsStart,
  aRunningProbe,
  every,
  gpuRow,
  hello,
  nonce,
  start,
  tick,
  uuidOf,
} from "../support/scriptedFrames.ts";

describe("probe frames", () => {
  it("give a reading at once on a host without the tool, with CPU from the second tick on", () => {
    const probe = aProbe();
    probe.say(0, ...hello("none"), ...tick(10));
    assert.deepEqual(probe.last, {
      hostId: "h-1",
      atMs: 0,
      cadenceMs: every,
      cpuPct: { unsupported: "not-measured" },
      memoryUsedBytes: { value: 400 * 1024 },
      memoryTotalBytes: { value: 1000 * 1024 },
      diskUsedBytes: { unsupported: "not-measured" },
      diskTotalBytes: { unsupported: "not-measured" },
      uptimeS: { value: 55 },
      bootId: "boot-1",
      machineId: "0123456789abcdef",
      os: "Debian GNU/Linux 12, Linux 6.1.0 x86_64",
      gpus: [],
      gpuProblem: null,
      probeBytes: 42,
    });
    probe.say(1000, "O /dev/vda 1000 400 600 40% /", ...tick(60));
    assert.deepEqual(probe.last.cpuPct, { value: 100 });
    assert.deepEqual(probe.last.diskUsedBytes, { value: 400 * 1024 });
    assert.equal(probe.frames.isSettled(1000), true);
  });

  it("ignore everything before the line with their own nonce", () => {
    const probe = aProbe();
    probe.say(0, "hwledger-probe ffffffffffffffff", "H tool none", ...tick(10));
    assert.equal(probe.readings.length, 0);
    assert.equal(probe.frames.state.hello, false);
  });

  it("hold the first reading back until GPUs and processes have answered", () => {
    const probe = aProbe();
    probe.say(0, ...hello("/usr/bin/nvidia-smi"), ...tick(10));
    assert.equal(probe.readings.length, 0);
    probe.say(50, start, gpuRow(1), gpuRow(2, "0", "4"), appsStart);
    probe.flush(260);
    assert.equal(probe.readings.length, 0, "the process query has not answered");
    probe.say(300, appsHeader, `A ${uuidOf(1)}, 77, 19000, python3`);
    assert.equal(probe.frames.isSettled(300), true);
    probe.flush(499);
    assert.equal(probe.readings.length, 0);
    probe.flush(500);
    assert.deepEqual(
      probe.last.gpus.map((gpu) => gpu.occupancy.kind),
      ["busy", "free"],
    );
    assert.ok(hostReadingSchema.safeParse(probe.last).success);
  });

  it("give one reading per tick, as soon as every known GPU has answered", () => {
    const probe = aRunningProbe();
    assert.equal(probe.readings.length, 1);
    for (let at = 1000; at < 5000; at += 1000) {
      probe.say(at, ...tick(at / 100));
      probe.say(at + 50, gpuRow(1, `${at / 100}`));
      probe.say(at + 51, gpuRow(2, "0", "4"), `A ${uuidOf(1)}, 77, 19000, python3`);
    }
    assert.equal(probe.readings.length, 5);
    assert.deepEqual(probe.gpu(1).utilizationPct, { value: 40 });
    assert.equal(probe.gpu(1).atMs, 4050);
    assert.equal(probe.last.atMs, 4051);
  });

  it("go on from the run before: CPU share at the first tick, GPUs missed, unless the host was restarted", () => {
    const carry = aRunningProbe().frames.carry();
    const next = aProbe({ carry, startedAtMs: 10_000 });
    next.say(10_000, ...hello("/usr/bin/nvidia-smi"), ...tick(60), "G #exit 9", "A #exit 9");
    next.flush(10_300);
    assert.deepEqual(next.last.cpuPct, { value: 100 });
    assert.equal(next.last.gpus.length, 2);
    const rebooted = aProbe({ carry, startedAtMs: 10_000 });
    rebooted.say(10_000, ...hello("/usr/bin/nvidia-smi", "boot-2"), ...tick(60), "G #exit 9", "A #exit 9");
    rebooted.flush(10_300);
    assert.deepEqual(rebooted.last.cpuPct, { unsupported: "not-measured" });
    assert.deepEqual(rebooted.last.gpus, []);
  });

  it("drop lines that are too long and floods within a tick, and recover at the next", () => {
    const probe = aProbe();
    probe.say(0, ...hello("none"), "x".repeat(20_000), ...tick(10));
    const { garbageLines } = probe.frames.state;
    assert.equal(garbageLines, 1);
    const flood = Array.from({ length: 600 }, () => "O ".padEnd(8_000, "y"));
    probe.say(1000, ...flood, ...tick(20), ...tick(30));
    assert.equal(probe.frames.state.ticks, 3);
    assert.ok(probe.frames.state.garbageLines > 1);
    assert.deepEqual(probe.last.memoryTotalBytes, { value: 1000 * 1024 });
  });

  it("let no control character of a host through", () => {
    const probe = aRunningProbe();
    probe.say(1000, `A ${uuidOf(1)}, 78, 10, evil\u001b[2Jname\u0007`, gpuRow(1), gpuRow(2));
    assert.ok(!JSON.stringify(probe.last).includes("\\u00"));
    assert.ok(JSON.stringify(probe.last).includes("evil [2Jname"));
  });
});

describe("probe frames, for any input", () => {
  const lineArbitrary = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.constantFrom("G ", "A ", "H ", "P ", "M ", "C ", "U ", "O ", "G #", "A #"), fc.string())
      .map((p) => p.join("")),
    fc.constantFrom(...hello("/usr/bin/nvidia-smi"), ...tick(10), ...tick(90), start, appsStart, appsHeader),
    fc.constantFrom(
      gpuRow(1),
      gpuRow(2),
      `A ${uuidOf(1)}, 77, 19000, python3`,
      "G #exit 18",
      "G #exit 0",
      "G #wedged",
    ),
  );
  const textArbitrary = fc
    .array(lineArbitrary, { maxLength: 60 })
    .map((lines) => Buffer.from([`hwledger-probe ${nonce}`, ...lines, ""].join("\n")));

  it("never throw on arbitrary bytes, and what they give out fits the schema", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array(), textArbitrary)), (chunks) => {
        const probe = aProbe();
        const decoder = new StringDecoder("utf8");
        chunks.forEach((chunk, at) => {
          for (const reading of probe.frames.push(decoder.write(Buffer.from(chunk)), at * 300, 1)) {
            hostReadingSchema.parse(reading);
          }
          const flushed = probe.frames.flush(at * 300 + 250, 1);
          if (flushed !== null) hostReadingSchema.parse(flushed);
        });
      }),
    );
  });

  it("give the same readings however the output is cut", () => {
    fc.assert(
      fc.property(textArbitrary, fc.array(fc.nat({ max: 50 })), (bytes, cuts) => {
        const whole = aProbe().frames.push(bytes.toString("utf8"), 5, 1);
        const probe = aProbe();
        const decoder = new StringDecoder("utf8");
        let at = 0;
        for (const length of [...cuts, bytes.length]) {
          const piece = bytes.subarray(at, at + length);
          probe.readings.push(...probe.frames.push(decoder.write(piece), 5, 1));
          at += length;
        }
        assert.deepEqual(probe.readings, whole);
      }),
    );
  });
});
