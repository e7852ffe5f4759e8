import assert from "node:assert/strict";
import { StringDecoder } from "node:string_decoder";
import fc from "fast-check";
import { ProbeFrames, type ProbeCarry } from "../../protocol/probe/probeFrames.ts";
import { hostReadingSchema, type GpuReading, type HostReading } from "../../protocol/reading.ts";

const nonce = "00112233aabbccdd";
const every = 1_000;
const uuidOf = (n: number) => `GPU-0a0a0a0a-1111-4222-8333-00000000000${n}`;
const start = "G #start loop 1 uuid,pci.bus_id,memory.total,memory.used,utilization.gpu,name";
const appsStart = "A #start loop 1 gpu_uuid,pid,used_memory,process_name";
const appsHeader = "A gpu_uuid, pid, used_gpu_memory [MiB], process_name";
const gpuRow = (n: number, util = "50", used = "20000") =>
  `G ${uuidOf(n)}, 00000000:0${n}:00.0, 24576, ${used}, ${util}, NVIDIA GeForce RTX 3090`;
const tick = (user: number) => [
  `P cpu  ${user} 0 0 ${1000 - user + user} 0 0 0 0 0 0`,
  "M 1000 400 600 - - - -",
  "C - - -",
  "U 55.20",
  "T",
];
const hello = (tool: string, boot = "boot-1") => [
  "Welcome to the machine, be kind",
  `hwledger-probe ${nonce}`,
  "H kernel Linux 6.1.0 x86_64",
  `H boot ${boot}`,
  "H machine 0123456789abcdef",
  'H distro "Debian GNU/Linux 12"',
  `H tool ${tool}`,
];

function aProbe(options: { cadenceMs?: number; startedAtMs?: number; carry?: ProbeCarry | null } = {}) {
  const { cadenceMs = every, startedAtMs = 0, carry = null } = options;
  const frames = new ProbeFrames({ hostId: "h-1", nonce, cadenceMs, startedAtMs, carry });
  const readings: HostReading[] = [];
  return {
    frames,
    readings,
    say(nowMs: number, ...lines: string[]) {
      readings.push(...frames.push(lines.map((line) => `${line}\n`).join(""), nowMs, 42));
    },
    flush(nowMs: number) {
      const reading = frames.flush(nowMs, 42);
      if (reading !== null) readings.push(reading);
    },
    get last(): HostReading {
      const reading = readings.at(-1);
      assert.ok(reading, "no reading yet");
      return reading;
    },
    gpu(n: number): GpuReading {
      const gpu = this.last.gpus.find(({ uuid }) => uuid === uuidOf(n));
      assert.ok(gpu, `no GPU ${n}`);
      return gpu;
    },
  };
}

/** A probe of a host with two GPUs that has given its first whole reading, at 300 ms. */
function aRunningProbe() {
  const probe = aProbe();
  probe.say(0, ...hello("/usr/bin/nvidia-smi"), ...tick(10));
  probe.say(50, start, gpuRow(1), gpuRow(2, "0", "4"), appsStart, appsHeader);
  probe.say(60, `A ${uuidOf(1)}, 77, 19000, python3`);
  probe.flush(300);
  return probe;
}

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
    assert.equal(probe.gpu(2).occupancy.kind, "free");
  });

  it("go on without the GPUs when the tool hangs, and say that it does", () => {
    const probe = aRunningProbe();
    for (let at = 1000; at <= 20_000; at += 1000) probe.say(at, ...tick(10 + at / 1000));
    assert.equal(probe.last.atMs, 20_000);
    assert.equal(probe.last.gpuProblem?.code, "no-answer");
    assert.deepEqual(probe.gpu(1).powerW, { unsupported: "fault" });
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
