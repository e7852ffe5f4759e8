import assert from "node:assert/strict";
import { createSnapshotFeed } from "../../extension/core/panels/createSnapshotFeed.ts";

function aFeed(shortestMs = 0) {
  let nowMs = 0;
  let model = 0;
  const posted: number[] = [];
  const timers = new Set<{ atMs: number; run: () => void }>();
  const feed = createSnapshotFeed<number>({
    model: () => model,
    post: (next) => void posted.push(next),
    now: () => nowMs,
    after(ms, run) {
      const timer = { atMs: nowMs + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    shortestMs: () => shortestMs,
  });
  return {
    feed,
    posted,
    timers,
    set(next: number) {
      model = next;
      feed.touch();
    },
    pass(ms: number) {
      nowMs += ms;
      for (const timer of [...timers]) {
        if (timer.atMs > nowMs || !timers.delete(timer)) continue;
        timer.run();
      }
    },
  };
}

describe("what a page is told", () => {
  it("is nothing before it is ready, then the newest at once", () => {
    const { feed, posted, set } = aFeed();
    set(1);
    set(2);
    assert.deepEqual(posted, []);
    feed.ready();
    assert.deepEqual(posted, [2]);
  });

  it("is the newest model at most every 100 ms, the first change at once", () => {
    const { feed, posted, set, pass } = aFeed();
    feed.ready();
    pass(100);
    set(1);
    set(2);
    set(3);
    assert.deepEqual(posted, [0, 1]);
    pass(99);
    assert.deepEqual(posted, [0, 1]);
    pass(1);
    assert.deepEqual(posted, [0, 1, 3]);
  });

  it("is less often told of a model that is large", () => {
    const { feed, posted, set, pass } = aFeed(1_000);
    feed.ready();
    set(1);
    pass(999);
    assert.deepEqual(posted, [0]);
    pass(1);
    assert.deepEqual(posted, [0, 1]);
  });

  it("is not told the same again, until it has loaded anew", () => {
    const { feed, posted, pass } = aFeed();
    feed.ready();
    pass(200);
    feed.touch();
    assert.deepEqual(posted, [0]);
    feed.ready();
    assert.deepEqual(posted, [0, 0]);
  });

  it("is nothing while it is hidden, and no clock runs for it", () => {
    const { feed, posted, timers, set, pass } = aFeed();
    feed.ready();
    set(1);
    feed.hide();
    assert.equal(timers.size, 0);
    set(2);
    pass(60_000);
    assert.deepEqual(posted, [0]);
  });

  it("is looked at again every ten seconds, since ages go on by themselves", () => {
    let age = 0;
    const runs: (() => void)[] = [];
    const posted: number[] = [];
    const feed = createSnapshotFeed<number>({
      model: () => age,
      post: (next) => void posted.push(next),
      now: () => age * 10_000,
      after: (ms, run) => {
        assert.equal(ms, 10_000);
        runs.push(run);
        return () => undefined;
      },
    });
    feed.ready();
    age = 1;
    runs.at(-1)?.();
    assert.deepEqual(posted, [0, 1]);
  });
});
