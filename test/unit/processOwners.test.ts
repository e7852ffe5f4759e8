import assert from "node:assert/strict";
import fc from "fast-check";
import { jobIdSchema } from "../../protocol/ids.ts";
import { ProcessOwners, unowned } from "../../protocol/probe/processOwners.ts";
import type { GpuProcess, GpuReading } from "../../protocol/reading.ts";
import { gpuReadingSchema } from "../../protocol/reading.ts";
import { aGpu } from "../support/fleetRecords.ts";
import {
  appsHeader,
  aProbe,
  appsStart,
  gpuRow,
  hello,
  start,
  tick,
  uuidOf,
} from "../support/scriptedFrames.ts";

const aProcess = unowned({ pid: 77, name: "python3", memoryBytes: { value: 1 } });
const busy = aGpu({ occupancy: { kind: "busy", processes: [aProcess] } });
const ownerIn = (gpu: GpuReading): Partial<GpuProcess> => {
  assert.ok(gpu.occupancy.kind === "busy");
  const [{ user, jobId, startedAtMs }] = gpu.occupancy.processes as [GpuProcess];
  return { user, jobId, startedAtMs };
};

describe("whose the processes on GPUs are", () => {
  it("is told before the first row of each, and kept", () => {
    const probe = aProbe();
    probe.say(60_000, ...hello("/usr/bin/nvidia-smi"), ...tick(10), start, gpuRow(1), appsStart, appsHeader);
    probe.say(60_010, "W 77 30 ada", `A ${uuidOf(1)}, 77, 19000, python3`, "J 77 j-0123456789abcdef");
    probe.flush(60_500);
    const owner = { user: "ada", jobId: null, startedAtMs: 30_010 };
    assert.deepEqual(ownerIn(probe.gpu(1)), owner);
    probe.say(61_000, gpuRow(1), `A ${uuidOf(1)}, 77, 19000, python3`);
    probe.flush(61_500);
    assert.deepEqual(ownerIn(probe.gpu(1)), owner);
    assert.equal(probe.frames.state.garbageLines, 0);
  });

  it("is a job of ours only where that runs on the host", () => {
    const id = jobIdSchema.parse("j-0123456789abcdef");
    for (const [isJob, jobId] of [
      [(job: string) => job === id, id],
      [() => false, null],
    ] as const) {
      const owners = new ProcessOwners(isJob);
      assert.ok(owners.line("77 3 ada", 5_000) && owners.jobLine(`77 ${id}`));
      assert.deepEqual(ownerIn(owners.named(busy)), { user: "ada", jobId, startedAtMs: 2_000 });
      // Another process with that number.
      assert.ok(owners.line("77 1 bob", 5_000));
      assert.deepEqual(ownerIn(owners.named(busy)), { user: "bob", jobId: null, startedAtMs: 4_000 });
    }
  });

  it("is open where nobody said, and what was not known stays so", () => {
    const owners = new ProcessOwners(() => true);
    const open = { user: null, jobId: null, startedAtMs: null };
    assert.deepEqual(ownerIn(owners.named(busy)), open);
    assert.equal(owners.jobLine("77 j-0123456789abcdef"), true);
    assert.deepEqual(ownerIn(owners.named(busy)), open);
    assert.equal(owners.line("77 - -", 5_000), true);
    assert.deepEqual(ownerIn(owners.named(busy)), open);
    for (const text of [
      "",
      "77",
      "77 3",
      "x 3 bob",
      "77 3  -",
      "-1 3 bob",
      "99999999999 3 bob",
      "77 3 bob x",
    ])
      assert.equal(owners.line(text, 5_000), false, text);
    for (const text of ["", "77", "77 j-1", "x j-0123456789abcdef", "77 j-0123456789abcdef x"])
      assert.equal(owners.jobLine(text), false, text);
    assert.equal(owners.named(aGpu()).occupancy.kind, "free");
  });

  it("is kept of those that were told of last", () => {
    const owners = new ProcessOwners(() => true);
    owners.line("77 3 ada", 5_000);
    for (let pid = 100; pid < 10_099; pid += 1) owners.line(`${pid} 3 bob`, 5_000);
    assert.equal(ownerIn(owners.named(busy)).user, "ada");
    owners.line("77 3 ada", 5_000);
    owners.line("20000 3 bob", 5_000);
    assert.equal(ownerIn(owners.named(busy)).user, "ada");
    for (let pid = 30_000; pid < 40_000; pid += 1) owners.line(`${pid} 3 bob`, 5_000);
    assert.equal(ownerIn(owners.named(busy)).user, null);
  });

  it("makes a reading that is one, whatever the script says", () => {
    const said = fc.oneof(
      fc.string(),
      fc.stringMatching(/^77 \S{1,12} \S{1,90}$/),
      fc.stringMatching(/^77 \S{1,20}$/),
    );
    fc.assert(
      fc.property(fc.array(said), (texts) => {
        const owners = new ProcessOwners(() => true);
        for (const text of texts) {
          owners.line(text, 5_000);
          owners.jobLine(text);
        }
        assert.ok(gpuReadingSchema.safeParse(owners.named(busy)).success);
      }),
    );
  });
});
