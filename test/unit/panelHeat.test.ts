import assert from "node:assert/strict";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import type { HostId } from "../../protocol/ids.ts";
import { createHeatFeed } from "../../extension/core/panels/createHeatFeed.ts";
import { dashboardModel } from "../../extension/core/panels/dashboardModel.ts";
import { dashboardMessageSchema, dashboardStateSchema } from "../../extension/core/panels/dashboardSchema.ts";
import { heatSchema } from "../../extension/core/panels/heatSchema.ts";
import { heatSummary } from "../../extension/core/panels/heatSummary.ts";

const minute = 60_000;
const hour = 60 * minute;
/** At the beginning of a column. */
const startMs = 480_000 * hour;
const idOf = (n: number) => `h-${String(n).padStart(16, "0")}` as HostId;
const ids = (count: number) => Array.from({ length: count }, (_, n) => idOf(n));

interface Asked {
  host: string;
  query: { from: number; to: number; step: number };
}

/** A heat map's figures over a service that answers when it is told to. */
function aFeed() {
  const asked: Asked[] = [];
  const open: { answer(pct: (number | null)[], stepS?: number): Promise<void>; refuse(): Promise<void> }[] =
    [];
  const world = { nowMs: startMs + 10, isSeen: true };
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const client = {
    call(_name: string, { params, query }: { params: { host: string }; query: Asked["query"] }) {
      asked.push({ host: params.host, query });
      return new Promise((resolve, reject) =>
        open.push({
          answer(pct, stepS = query.step) {
            const none = pct.map(() => null);
            const atMs = pct.map((_, at) => query.from + at * stepS * 1_000);
            const figures = { memoryUsedBytes: none, temperatureC: none, powerW: none };
            const gpus = [{ uuid: "GPU-0", name: "A", utilizationPct: pct, ...figures }];
            resolve({ stepS, atMs, cpuPct: none, memoryUsedBytes: none, gpus });
            return settled();
          },
          refuse() {
            reject(new Error("gone"));
            return settled();
          },
        }),
      );
    },
  } as unknown as Pick<RouteClient, "call">;
  const feed = createHeatFeed({
    client: () => (world.isSeen ? client : null),
    now: () => world.nowMs,
    serviceNowMs: () => world.nowMs,
    onChange: () => undefined,
  });
  const shown = () => heatSchema.parse(JSON.parse(JSON.stringify(feed.shown())));
  const first = () => shown().hosts[0]!;
  return { feed, asked, next: () => open.shift()!, waiting: () => open.length, world, shown, first };
}

describe("the heat map's figures", () => {
  it("are asked for of hosts in sight alone, a few at once, and only while it is shown", async () => {
    const { feed, asked, next, waiting } = aFeed();
    feed.inSight(ids(1_000));
    feed.look();
    assert.deepEqual([asked.length, feed.shown()], [0, null]);
    feed.span(6);
    assert.equal(waiting(), 4);
    for (let done = 0; done < 80; done += 1) {
      assert.ok(waiting() <= 4, `${waiting()} at once`);
      await next().answer([1]);
    }
    assert.deepEqual([asked.length, waiting()], [80, 0], "more were asked for than fit on a screen");
    assert.equal(new Set(asked.map(({ host }) => host)).size, 80);
    feed.look();
    feed.inSight(ids(10));
    assert.equal(asked.length, 80, "what is known was asked for again");
  });

  it("are asked for again once a column is over, and by nobody who does not look", async () => {
    const { feed, asked, next, world } = aFeed();
    feed.inSight(ids(1));
    feed.span(6);
    await next().answer([1]);
    assert.deepEqual(asked[0]?.query, {
      from: startMs - 6 * hour + 5 * minute,
      to: startMs + 5 * minute,
      step: 300,
    });
    world.nowMs += 4 * minute;
    feed.look();
    world.isSeen = false;
    world.nowMs += 2 * minute;
    feed.look();
    assert.equal(asked.length, 1);
    world.isSeen = true;
    feed.look();
    assert.equal(asked.length, 2);
  });

  it("lie in their columns, null where nothing was read, and move on with the time", async () => {
    const { feed, next, first, world, shown } = aFeed();
    feed.inSight(ids(1));
    feed.span(6);
    assert.deepEqual([first().state, first().gpus], ["loading", []]);
    await next().answer([10.4, null, 0]);
    assert.equal(first().gpus[0]?.pct.length, 72);
    assert.deepEqual(first().gpus[0]?.pct.slice(0, 4), [10, null, 0, null]);
    const { fromMs } = shown();
    world.nowMs += 5 * minute;
    assert.equal(shown().fromMs, fromMs + 5 * minute);
    assert.deepEqual(first().gpus[0]?.pct.slice(0, 4), [null, 0, null, null]);
  });

  it("fill all columns that a longer step of the service is of", async () => {
    const { feed, next, first } = aFeed();
    feed.inSight(ids(1));
    feed.span(24);
    await next().answer([7, 9], 3_600);
    assert.deepEqual(first().gpus[0]?.pct.slice(0, 9), [7, 7, 7, 7, 9, 9, 9, 9, null]);
    assert.equal(first().gpus[0]?.pct.length, 96);
  });

  it("that could not be read say so, and are tried again a minute later", async () => {
    const { feed, asked, next, first, world } = aFeed();
    feed.inSight(ids(1));
    feed.span(6);
    await next().refuse();
    feed.look();
    assert.deepEqual([first().state, asked.length], ["failed", 1]);
    world.nowMs += minute;
    feed.look();
    assert.deepEqual([first().state, asked.length], ["loading", 2]);
    world.isSeen = false;
    feed.forget();
    await next().answer([1]);
    assert.deepEqual([first().state, first().gpus], ["away", []], "figures of the fleet before are shown");
  });

  it("of another span count for nothing, also when they come late", async () => {
    const { feed, asked, next, first } = aFeed();
    feed.inSight(ids(1));
    feed.span(6);
    feed.span(24);
    await next().answer([1]);
    assert.deepEqual([first().gpus, asked.length], [[], 2]);
    await next().answer([2]);
    assert.equal(first().gpus[0]?.pct[0], 2);
  });

  it("are in the dashboard's model where they are shown, and kept over a reload beside what was before", () => {
    const heat = { hours: 6, stepS: 300, fromMs: 0, hosts: [] } as const;
    assert.equal(dashboardModel(null, 0).heat, null);
    assert.deepEqual(dashboardModel(null, 0, "elsewhere", { ...heat, hosts: [] }).heat, heat);
    const before = { sort: { column: "gpu", isDescending: true }, filter: "x", scrollTop: 3 };
    assert.deepEqual(dashboardStateSchema.parse(before), { ...before, heat: null });
    const parses = (hours: unknown) => dashboardMessageSchema.safeParse({ kind: "heat", hours }).success;
    assert.deepEqual([6, 24, null, 7, undefined].map(parses), [true, true, true, false, false]);
  });

  it("are told in short, without what was not read", () => {
    assert.deepEqual(heatSummary([0, null, 50, 100, null]), { low: 0, high: 100, mean: 50, missing: 2 });
    assert.equal(heatSummary([null, null]), null);
  });
});
