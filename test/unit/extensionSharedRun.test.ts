import assert from "node:assert/strict";
import { sharedRun } from "../../extension/core/sharedRun.ts";

describe("work that is shared, as the start of a fleet on this machine", () => {
  it("is done once for a double click, and again afterwards, also when it failed", async () => {
    let runs = 0;
    const start = sharedRun(async () => {
      runs += 1;
      await Promise.resolve();
      if (runs === 1) throw new Error("no");
      return runs;
    });
    const [one, two] = await Promise.allSettled([start(), start()]);
    assert.deepEqual([one.status, two.status, runs], ["rejected", "rejected", 1]);
    assert.deepEqual(await Promise.all([start(), start()]), [2, 2]);
    assert.equal(await start(), 3);
  });
});
