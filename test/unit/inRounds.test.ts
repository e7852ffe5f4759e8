import assert from "node:assert/strict";
import { inRounds } from "../../service/ledger/inRounds.ts";

describe("work that is done in rounds", () => {
  it("is done once for all who ask meanwhile, and for none of them by what began before they asked", async () => {
    const rounds: ReturnType<typeof Promise.withResolvers<number>>[] = [];
    const ask = inRounds(() => {
      const round = Promise.withResolvers<number>();
      rounds.push(round);
      return round.promise;
    });
    const first = ask();
    const later = [ask(), ask(), ask()];
    assert.equal(rounds.length, 1);
    rounds[0]!.resolve(1);
    assert.equal(await first, 1);
    await new Promise(setImmediate);
    assert.equal(rounds.length, 2);
    const last = ask();
    rounds[1]!.resolve(2);
    assert.deepEqual(await Promise.all(later), [2, 2, 2]);
    await new Promise(setImmediate);
    rounds[2]!.resolve(3);
    assert.equal(await last, 3);
    assert.equal(rounds.length, 3);
  });

  it("begins no round beside the next for who asks in the moment between the two", async () => {
    let under = 0;
    let most = 0;
    const ask = inRounds(async () => {
      under += 1;
      most = Math.max(most, under);
      await new Promise(setImmediate);
      under -= 1;
    });
    const between = ask().then(() => ask());
    const next = ask();
    await Promise.all([between, next]);
    assert.equal(most, 1);
  });

  it("goes on after a round that failed, with the failure for those of that round alone", async () => {
    let round = 0;
    const ask = inRounds(async () => {
      round += 1;
      await new Promise(setImmediate);
      if (round === 1) throw new Error("the disk");
      return round;
    });
    const [failed, next] = [ask(), ask()];
    await assert.rejects(failed, /the disk/);
    assert.equal(await next, 2);
    assert.equal(await ask(), 3);
  });
});
