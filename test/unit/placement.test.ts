import assert from "node:assert/strict";
import { freeGpuCount } from "../../protocol/freeGpuCount.ts";
import type { HostId } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import { choosePlacement } from "../../service/domain/choosePlacement.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";

const free = aGpu();
const busy = aGpu({ occupancy: { kind: "busy", processes: [] } });
const unknown = aGpu({ occupancy: { kind: "unknown", reason: "denied" } });
const host = (name: string, gpus = [free], over = {}) =>
  aHost({
    id: `h-${Buffer.from(name).toString("hex").padEnd(16, "0")}` as HostId,
    name,
    reading: aReading({ gpus }),
    ...over,
  });
const offline = { status: { kind: "offline", lastSeenAtMs: 0, silentMs: 1 } as const };

function refusal(hosts: ReturnType<typeof host>[], wanted?: string): Refusal {
  try {
    choosePlacement(hosts, wanted);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("a host was chosen");
}

describe("the host for a job", () => {
  it("is the one named, by name or id, whatever its state", () => {
    const named = host("mac", [], offline);
    assert.equal(choosePlacement([host("a"), named], "mac"), named);
    assert.equal(choosePlacement([host("a"), named], named.id), named);
  });

  it("that is not there is refused with those that are", () => {
    const { code, facts } = refusal([host("a"), host("b")], "c");
    assert.deepEqual([code, facts["known"]], ["host-not-found", "a, b"]);
  });

  it("is the only online one with a free GPU", () => {
    const hosts = [
      host("off", [free], offline),
      host("full", [busy]),
      host("cpu", []),
      host("one", [busy, free]),
    ];
    assert.equal(choosePlacement(hosts, undefined).name, "one");
  });

  it("is refused where none fits, saying how each stands", () => {
    const { code, message } = refusal([host("off", [free], offline), host("full", [busy]), host("cpu", [])]);
    assert.equal(code, "no-host-fits");
    assert.match(message, /off \(offline\).*full \(0 of 1 GPUs free\).*cpu \(no GPU\)/);
  });

  it("is refused where several fit, naming them", () => {
    assert.match(refusal([host("a"), host("b")]).message, /2 hosts have a free GPU: a, b/);
  });

  it("is refused in a fleet without hosts", () => {
    assert.equal(refusal([]).code, "no-host-fits");
  });
});

describe("free GPUs", () => {
  for (const [what, record, count] of [
    ["of an online host", host("a", [free, free]), 2],
    ["of which a stranger uses one", host("a", [free, busy]), 1],
    ["that nobody can tell are not free", host("a", [unknown]), 0],
    ["of a host that is late are none", host("a", [free], offline), 0],
    ["do not count one that our job has not reached yet", host("a", [free, free], { activeJobs: 1 }), 1],
    ["do not lose another to a job that shows already", host("a", [free, busy], { activeJobs: 1 }), 1],
    ["are never less than none", host("a", [free], { activeJobs: 5 }), 0],
  ] as const)
    it(what, () => {
      assert.equal(freeGpuCount(record.gpus, record), count);
    });
});
