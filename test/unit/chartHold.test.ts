import assert from "node:assert/strict";
import { createChartHold } from "../../extension/core/panels/createChartHold.ts";
import type { HostPanelModel } from "../../extension/core/panels/hostSchema.ts";
import { aHost } from "../support/fleetRecords.ts";

function at(ms: number, minutes: 1 | 5 = 5): Omit<HostPanelModel, "charted"> {
  const metrics = { atMs: ms === 0 ? [] : [ms], cpuPct: [], memoryUsedBytes: [], gpus: [] };
  const rest = { past: null, host: null, banner: null, cost: { rate: "", jobs: "" }, jobs: [], events: null };
  return { fleetId: "f", hostId: aHost().id, minutes, metrics, isStale: false, ...rest };
}

describe("charts that are held still", () => {
  it("stay as they were when they were held, also for a page that asks again, until they are let go", () => {
    const hold = createChartHold();
    assert.equal(hold.over(at(1), true).charted, null);
    hold.set(true);
    hold.set(true);
    const model = hold.over(at(2), true);
    assert.deepEqual([model.charted?.metrics.atMs, model.metrics.atMs], [[1], []]);
    hold.set(false);
    assert.deepEqual(hold.over(at(3), true), { ...at(3), charted: null });
    hold.set(true);
    assert.deepEqual(hold.over(at(4), true).charted?.metrics.atMs, [3]);
  });

  it("are left to who asks for them where they are of a longer span", () => {
    const hold = createChartHold();
    hold.over(at(1), true);
    hold.set(true);
    const past = { fromMs: 0, toMs: 9, stepS: 60, state: "read" } as const;
    const model = hold.over({ ...at(2), past }, true);
    assert.deepEqual([model.charted, model.metrics.atMs], [null, [2]]);
  });

  it("begin with the first readings where there were none, and with those of a new span", () => {
    const hold = createChartHold();
    hold.set(true);
    assert.equal(hold.over(at(0), true).charted, null);
    assert.equal(hold.over(at(1), false).charted, null, "a single reading is not what was paused");
    assert.deepEqual(hold.over(at(1), true).charted?.metrics.atMs, [1]);
    hold.renew();
    const { charted } = hold.over(at(2, 1), true);
    assert.deepEqual([charted?.metrics.atMs, charted?.minutes], [[2], 1]);
  });
});
