import assert from "node:assert/strict";
import fc from "fast-check";
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
    probe.say(60_010, "W 77 30 ada j-0123456789abcdef", `A ${uuidOf(1)}, 77, 19000, python3`);
    probe.flush(60_500);
    const owner = { user: "ada", jobId: "j-0123456789abcdef", startedAtMs: 30_010 };
    assert.deepEqual(ownerIn(probe.gpu(1)), owner);
    probe.say(61_000, gpuRow(1), `A ${uuidOf(1)}, 77, 19000, python3`);
    probe.flush(61_500);
    assert.deepEqual(ownerIn(probe.gpu(1)), owner);
    assert.equal(probe.frames.state.garbageLines, 0);
  });

  it("is open where nobody said, and what was not known stays so", () => {
    const owners = new ProcessOwners();
    assert.deepEqual(ownerIn(owners.named(busy)), { user: null, jobId: null, startedAtMs: null });
    assert.equal(owners.line("77 - - -", 5_000), true);
    assert.deepEqual(ownerIn(owners.named(busy)), { user: null, jobId: null, startedAtMs: null });
    // Another process with that number, of a job whose name is none of ours.
    assert.equal(owners.line("77 3 bob not-a-job", 5_000), true);
    assert.deepEqual(ownerIn(owners.named(busy)), { user: "bob", jobId: null, startedAtMs: 2_000 });
    for (const text of ["", "77", "77 3 bob", "x 3 bob -", "77 3  -", "-1 3 bob -", "99999999999 3 bob -"])
      assert.equal(owners.line(text, 5_000), false, text);
    assert.equal(owners.named(aGpu()).occupancy.kind, "free");
  });

  it("makes a reading that is one, whatever the script says", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.stringMatching(/^77 \S{1,12} \S{1,90} \S{1,20}$/))),
        (texts) => {
          const owners = new ProcessOwners();
          for (const text of texts) owners.line(text, 5_000);
          assert.ok(gpuReadingSchema.safeParse(owners.named(busy)).success);
        },
      ),
    );
  });
});
