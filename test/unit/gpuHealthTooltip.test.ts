import assert from "node:assert/strict";
import { unknownFleet, withFleetData } from "../../extension/core/fleetState.ts";
import { gpuTooltip } from "../../extension/core/tooltips.ts";
import type { GpuReading } from "../../protocol/reading.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";

function tooltipOf(over: Partial<GpuReading>): string {
  const gpu = aGpu(over);
  const data = {
    kind: "fleet" as const,
    hosts: [aHost({ reading: aReading({ gpus: [gpu] }) })],
    jobs: [],
    removedHostIds: [],
  };
  const fleet = withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
  return gpuTooltip([...fleet.hosts.values()][0]!, gpu, 0);
}

describe("a GPU's tooltip", () => {
  it("says that it is sound only where its driver does", () => {
    assert.match(tooltipOf({}), /Health \| not known/);
    assert.match(tooltipOf({ health: { kind: "ok" } }), /Health \| sound, by its driver/);
  });
  it("says what ails it, as words whatever they are, and what holds it back", () => {
    const reasons = [{ code: "gpu-lost", text: "[lost](x)" }];
    const text = tooltipOf({ health: { kind: "fault", reasons }, throttle: ["power-cap"] });
    assert.match(text, /Health \| \\\[lost\\\]\\\(x\\\) \|\n\| Held back by \| its power limit/);
    for (const throttle of [null, []]) assert.doesNotMatch(tooltipOf({ throttle }), /Held back/);
  });
});
