import assert from "node:assert/strict";
import { createLogTip, type LogTip } from "../../service/dispatch/createLogTip.ts";

const mebibyte = 1_048_576;

/** A tip with so many mebibytes added one by one. */
function tipOf(mebibytes: number): LogTip {
  const tip = createLogTip(0);
  for (let index = 0; index < mebibytes; index += 1) tip.add(index * mebibyte, Buffer.alloc(mebibyte, index));
  return tip;
}

/** Whether there is room before the next turn of the event loop. */
async function roomNow(tip: LogTip): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => setImmediate(resolve, false));
  return Promise.race([tip.room().then(() => true), later]);
}

describe("the tip of a log", () => {
  it("gives the newest bytes from any offset, and nothing that is forgotten or to come", () => {
    const tip = tipOf(6);
    assert.equal(tip.at(mebibyte), null);
    assert.deepEqual(tip.at(5 * mebibyte + 7), Buffer.alloc(mebibyte - 7, 5));
    assert.equal(tip.at(6 * mebibyte), null);
  });

  it("has room for all who keep up and for one who began far behind", async () => {
    const tip = createLogTip(0);
    const near = tip.follow(0);
    for (let index = 0; index < 3; index += 1) tip.add(index * mebibyte, Buffer.alloc(mebibyte));
    near.took(mebibyte);
    tip.follow(0);
    assert.equal(await roomNow(tip), true);
  });

  it("waits for one who kept up, until it took enough or left", async () => {
    for (const move of ["took", "left"]) {
      const tip = createLogTip(0);
      const follower = tip.follow(0);
      for (let index = 0; index < 3; index += 1) tip.add(index * mebibyte, Buffer.alloc(mebibyte));
      const room = tip.room();
      assert.equal(await roomNow(tip), false);
      if (move === "took") follower.took(2 * mebibyte);
      else follower.leave();
      await room;
      assert.equal(await roomNow(tip), true);
    }
  });

  it("gives up one who takes too long, until it is back at the tip", async () => {
    const tip = createLogTip(0);
    const slow = tip.follow(0);
    for (let index = 0; index < 3; index += 1) tip.add(index * mebibyte, Buffer.alloc(mebibyte));
    await tip.room();
    for (let index = 3; index < 9; index += 1) tip.add(index * mebibyte, Buffer.alloc(mebibyte));
    assert.equal(await roomNow(tip), true);
    slow.took(9 * mebibyte);
    for (let index = 9; index < 12; index += 1) tip.add(index * mebibyte, Buffer.alloc(mebibyte));
    assert.equal(await roomNow(tip), false);
  });
});
