import assert from "node:assert/strict";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import type { HostMetrics } from "../../protocol/hostMetrics.ts";
import { axisTime, pointTime, shortPointTime } from "../../extension/core/panels/axisTime.ts";
import { createHostPast } from "../../extension/core/panels/createHostPast.ts";
import { hostPanelModel } from "../../extension/core/panels/hostPanelModel.ts";
import { hostMessageSchema, hostStateSchema } from "../../extension/core/panels/hostSchema.ts";
import { pastStepS } from "../../extension/core/panels/pastStep.ts";
import { withGaps } from "../../extension/core/panels/withGaps.ts";
import { aHost } from "../support/fleetRecords.ts";
import { identity } from "../support/handPlayedFleet.ts";

const hour = 3_600_000;
const day = 24 * hour;
const hostId = aHost().id;
const serviceNowMs = 20_000 * day;

interface Query {
  from: number;
  to: number;
  step?: number;
}

function metricsAt(atMs: number[]): HostMetrics {
  const none = atMs.map(() => null);
  return { atMs, cpuPct: atMs.map(() => 5), memoryUsedBytes: none, gpus: [] };
}

/** A host's past over a service that answers when it is told to. */
function aPast() {
  const asked: Query[] = [];
  const open: { answer(stepS?: number): Promise<void>; refuse(): Promise<void> }[] = [];
  const world = { nowMs: 0, isSeen: true };
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const client = {
    call(_name: string, { query }: { query: Query }) {
      asked.push(query);
      return new Promise((resolve, reject) =>
        open.push({
          answer(stepS = query.step) {
            resolve({ ...metricsAt([query.from, query.to]), stepS: stepS ?? null });
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
  const past = createHostPast(hostId, {
    client: () => (world.isSeen ? client : null),
    now: () => world.nowMs,
    serviceNowMs: () => serviceNowMs + world.nowMs,
    onChange: () => undefined,
  });
  return { past, asked, next: () => open.shift()!, world };
}

describe("a host's longer spans", () => {
  it("are asked for when chosen, in steps that a chart has room for, and not while charts are live", async () => {
    const { past, asked, next } = aPast();
    past.look();
    assert.deepEqual([past.shown(), asked.length], [null, 0]);
    past.span(1_440);
    assert.equal(past.shown()?.past.state, "loading");
    await next().answer();
    const shown = past.shown()!;
    assert.deepEqual(asked, [{ from: serviceNowMs - day, to: serviceNowMs, step: 300 }]);
    assert.deepEqual(shown.past, {
      fromMs: serviceNowMs - day,
      toMs: serviceNowMs,
      stepS: 300,
      state: "read",
    });
    assert.equal(shown.metrics.atMs.length, 2);
  });

  it("are asked for again at most once a minute, one request at a time, and never while nobody looks", async () => {
    const { past, asked, next, world } = aPast();
    past.span(360);
    past.look();
    assert.equal(asked.length, 1);
    await next().answer();
    world.nowMs = 59_000;
    past.look();
    assert.equal(asked.length, 1);
    world.nowMs = 61_000;
    world.isSeen = false;
    past.look();
    assert.deepEqual([asked.length, past.shown()?.past.state], [1, "read"]);
    world.isSeen = true;
    past.look();
    past.look();
    assert.equal(asked.length, 2);
    await next().answer();
    past.span(1_440);
    await next().answer();
    past.span(360);
    assert.equal(asked.length, 3, "what was read a moment ago was asked for again");
  });

  it("stay as they are while they are held, and catch up afterwards", async () => {
    const { past, asked, next, world } = aPast();
    past.span(360);
    await next().answer();
    past.hold(true, null);
    world.nowMs = 300_000;
    past.look();
    assert.deepEqual([asked.length, past.shown()?.past.toMs], [1, serviceNowMs]);
    past.hold(false, null);
    await next().answer();
    assert.equal(past.shown()?.past.toMs, serviceNowMs + 300_000);
  });

  it("have finer steps of what is zoomed in on, readings themselves of the last minutes, and the coarse until then", async () => {
    const { past, asked, next } = aPast();
    past.span(10_080);
    await next().answer();
    const toS = serviceNowMs / 1_000 - 7_200;
    past.hold(true, { fromS: toS - 3_600, toS });
    assert.deepEqual([past.shown()?.past.state, past.shown()?.past.stepS], ["loading", 1_800]);
    await next().answer();
    assert.deepEqual(asked[1], { from: (toS - 3_600) * 1_000, to: toS * 1_000, step: 60 });
    assert.deepEqual([past.shown()?.past.state, past.shown()?.past.stepS], ["read", 60]);
    assert.equal(past.shown()?.past.fromMs, serviceNowMs - 7 * day, "the way back is to the whole");
    past.hold(true, { fromS: toS + 6_900, toS: toS + 7_200 });
    await next().answer();
    assert.deepEqual([asked[2]?.step, past.shown()?.past.stepS], [undefined, null]);
    past.hold(false, null);
    assert.deepEqual([past.shown()?.past.stepS, asked.length], [1_800, 3]);
  });

  it("keep what the service answers in coarser steps than asked for, and do not ask in a circle", async () => {
    const { past, asked, next } = aPast();
    past.span(525_600);
    await next().answer();
    const fromS = (serviceNowMs - 200 * day) / 1_000;
    past.hold(true, { fromS, toS: fromS + 7_200 });
    await next().answer(3_600);
    past.look();
    assert.deepEqual([asked.length, past.shown()?.past.stepS], [2, 3_600]);
  });

  it("say that they could not be read, try again by themselves a minute later, and at once when asked to", async () => {
    const { past, asked, next, world } = aPast();
    past.span(43_200);
    await next().refuse();
    assert.equal(past.shown()?.past.state, "failed");
    past.look();
    assert.equal(asked.length, 1);
    world.nowMs = 61_000;
    past.look();
    await next().refuse();
    past.retry();
    assert.equal(past.shown()?.past.state, "loading");
    await next().answer();
    assert.deepEqual([asked.length, past.shown()?.past.state], [3, "read"]);
  });

  it("say that nobody can be asked", () => {
    const { past, world } = aPast();
    world.isSeen = false;
    past.span(360);
    assert.equal(past.shown()?.past.state, "away");
  });

  it("have a gap where a step is missing, and none between steps", () => {
    const metrics = metricsAt([0, 300_000, 600_000, 1_200_000]);
    assert.deepEqual(withGaps(metrics, 300).cpuPct, [5, 5, 5, null, 5]);
    assert.deepEqual(withGaps(metricsAt([0, hour, 2 * hour]), 3_600).atMs, [0, hour, 2 * hour]);
  });

  it("show a GPU that the host had then and has no more", () => {
    const record = aHost();
    const hosts = new Map([[hostId, { record, reading: record.reading, heardAtMs: 0 }]]);
    const session = {
      identity: identity("a"),
      contact: { kind: "live" } as const,
      fleet: { hosts, jobs: new Map(), isKnown: true },
    };
    const of = (uuid: string, name: string) => {
      const column = [1];
      return {
        uuid,
        name,
        utilizationPct: column,
        memoryUsedBytes: column,
        temperatureC: column,
        powerW: column,
      };
    };
    const gpus = [of("GPU-0", "NVIDIA GeForce RTX 3090"), of("GPU-old", "Tesla\nV100")];
    const metrics = { ...metricsAt([0]), gpus };
    const facts = {
      fleetId: identity("a").fleetId,
      isMember: true,
      hostId,
      minutes: 360,
      events: null,
    } as const;
    const past = { fromMs: 0, toMs: 1, stepS: 60, state: "read" } as const;
    const titles = (model: ReturnType<typeof hostPanelModel>) =>
      model.host?.gpus.map(({ title, load }) => `${title}: ${load.text}`);
    assert.deepEqual(titles(hostPanelModel(session, { ...facts, metrics, past }, 0)), [
      "GPU 0 · RTX 3090: 37 %",
      "Tesla?V100: –",
    ]);
    assert.equal(hostPanelModel(session, { ...facts, metrics }, 0).host?.gpus.length, 1);
  });

  it("are asked for in steps that have a name", () => {
    const spans = [hour, 6 * hour, day, 7 * day, 30 * day, 365 * day, 4_000 * day];
    assert.deepEqual(spans.map(pastStepS), [60, 60, 300, 1_800, 7_200, 86_400, 864_000]);
  });

  it("are kept over a reload, also beside what was kept before there were any", () => {
    const kept = { host: null, isPaused: false, zoom: null, scrollTop: 0 };
    assert.equal(hostStateSchema.safeParse({ ...kept, minutes: 525_600 }).success, true);
    assert.equal(hostStateSchema.safeParse({ ...kept, minutes: 5 }).success, true);
    assert.equal(hostStateSchema.safeParse({ ...kept, minutes: 7 }).success, false);
    const zoomTo = (zoom: unknown) =>
      hostMessageSchema.safeParse({ kind: "hold", isHeld: true, zoom }).success;
    assert.deepEqual([null, { fromS: 1, toS: 2 }, { fromS: -1, toS: 1e300 }, undefined].map(zoomTo), [
      true,
      true,
      false,
      false,
    ]);
  });

  it("have times along their axis that say as much as they must", () => {
    const at = (...parts: [number, number, number?, number?, number?]) =>
      new Date(...parts).getTime() / 1_000;
    const tick = axisTime;
    assert.equal(tick(at(2026, 10, 27, 14, 3), 60), "14:03");
    assert.equal(tick(at(2026, 10, 27, 14, 3) + 20, 10), "14:03:20");
    assert.equal(tick(at(2026, 10, 28), 7_200), "28 Nov");
    assert.equal(tick(at(2026, 10, 28), 10), "00:00");
    assert.equal(tick(at(2026, 10, 28, 12), 86_400), "28 Nov");
    assert.deepEqual(
      [tick(at(2026, 11, 1), 30 * 86_400), tick(at(2027, 0, 1), 30 * 86_400)],
      ["Dec", "Jan 2027"],
    );
    const moment = at(2026, 10, 27, 14, 3) + 5;
    assert.equal(pointTime(moment, null, true), "14:03:05");
    assert.equal(pointTime(moment, null, false), "27 Nov 2026, 14:03:05");
    assert.equal(pointTime(moment, 3_600, false), "27 Nov 2026, 14:03");
    assert.equal(pointTime(moment, 86_400, false), "27 Nov 2026");
    assert.equal(shortPointTime(moment, null, true), "14:03:05");
    assert.equal(shortPointTime(moment, null, false), "27 Nov, 14:03:05");
    assert.equal(shortPointTime(moment, 3_600, false), "27 Nov, 14:03");
    assert.equal(shortPointTime(moment, 86_400, false), "27 Nov 2026");
  });
});
