import assert from "node:assert/strict";
import type { Metric } from "../../protocol/metric.ts";
import { unowned } from "../../protocol/probe/processOwners.ts";
import { occupancyOf, type OccupancyFacts } from "../../protocol/probe/occupancy.ts";

const mib = (count: number): Metric => ({ value: count * 1024 * 1024 });
const aProcess = unowned({ pid: 7, name: "python3", memoryBytes: mib(100) });

const facts = (changes: Partial<OccupancyFacts> = {}): OccupancyFacts => ({
  memoryKind: "dedicated",
  utilizationPct: { value: 0 },
  memoryUsedBytes: mib(4),
  memoryTotalBytes: mib(81559),
  processes: { kind: "known", processes: [] },
  ...changes,
});

describe("occupancy", () => {
  it("is free with low memory and no process", () => {
    assert.deepEqual(occupancyOf(facts()), { kind: "free" });
  });
  it("takes 512 MiB or 5 %, whichever is more, for low", () => {
    const small = { memoryTotalBytes: mib(8192) };
    assert.equal(occupancyOf(facts({ ...small, memoryUsedBytes: mib(512) })).kind, "free");
    assert.equal(occupancyOf(facts({ ...small, memoryUsedBytes: mib(513) })).kind, "unknown");
    assert.equal(occupancyOf(facts({ memoryUsedBytes: mib(4000) })).kind, "free");
    assert.equal(occupancyOf(facts({ memoryUsedBytes: mib(4100) })).kind, "unknown");
  });
  it("is busy with a process, however little memory it has", () => {
    const processes = { kind: "known", processes: [aProcess] } as const;
    assert.deepEqual(occupancyOf(facts({ processes })), { kind: "busy", processes: [aProcess] });
  });
  it("is unknown when memory is in use and no process shows", () => {
    const busy = occupancyOf(facts({ memoryUsedBytes: mib(70_000) }));
    assert.deepEqual(busy, { kind: "unknown", reason: "unlisted-memory" });
  });
  it("is unknown when the GPU works hard and no process shows", () => {
    const load = (value: number) => occupancyOf(facts({ utilizationPct: { value } }));
    assert.deepEqual([load(50).kind, load(51)], ["free", { kind: "unknown", reason: "unlisted-load" }]);
    const unsupported = facts({ utilizationPct: { unsupported: "not-supported" } });
    assert.equal(occupancyOf(unsupported).kind, "free");
  });
  it("is unknown when the process list is", () => {
    const processes = { kind: "unknown", reason: "denied" } as const;
    assert.deepEqual(occupancyOf(facts({ processes })), { kind: "unknown", reason: "denied" });
  });
  it("is unknown in fault, whatever the list says", () => {
    const used: Metric = { unsupported: "fault" };
    assert.deepEqual(occupancyOf(facts({ memoryUsedBytes: used })), { kind: "unknown", reason: "fault" });
  });
  it("is unknown when memory is", () => {
    assert.equal(occupancyOf(facts({ memoryUsedBytes: { unsupported: "error" } })).kind, "unknown");
  });
  it("goes by the processes alone where memory is shared with the machine", () => {
    const unified = { memoryKind: "unified", memoryUsedBytes: { unsupported: "unified" } } as const;
    assert.equal(occupancyOf(facts(unified)).kind, "free");
    const processes = { kind: "known", processes: [aProcess] } as const;
    assert.equal(occupancyOf(facts({ ...unified, processes })).kind, "busy");
  });
});
