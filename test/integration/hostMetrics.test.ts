import assert from "node:assert/strict";
import { metricValue } from "../../protocol/metric.ts";
import { hostReadingSchema } from "../../protocol/reading.ts";
import { standardHosts } from "../lab/standardHosts.ts";
import { startFleetFixture, type FleetFixture } from "../support/startFleetFixture.ts";
import { until } from "../support/until.ts";

describe("what a host read lately", function () {
  this.timeout(60_000);
  let fleet: FleetFixture;
  before(async () => {
    fleet = await startFleetFixture(
      standardHosts.filter(({ name }) => name === "rtx-box" || name === "spark"),
    );
  });
  after(() => fleet.stop());

  const metrics = (host: string, query: { from?: number; to?: number; step?: number } = {}) =>
    fleet.client.call("getHostMetrics", { params: { host }, query });

  it("is answered in columns, at the rate it was read, with the figures of its GPU", async () => {
    const watching = new AbortController();
    const readings = await fleet.client.bytes(
      "streamMetrics",
      { query: { host: "rtx-box" } },
      { signal: watching.signal },
    );
    readings.resume().on("error", () => undefined);
    const { gpuFiles, gpus } = fleet.lab.host("rtx-box");
    await until(async () => (await metrics("rtx-box")).atMs.length >= 3, "three readings", 20_000);
    gpuFiles.update(gpus[0]!.uuid, { "utilization.gpu": "77" });
    await until(
      async () => (await metrics("rtx-box")).gpus[0]?.utilizationPct.at(-1) === 77,
      "the changed figure",
      20_000,
    );
    watching.abort();
    const all = await metrics("rtx-box");
    assert.equal(all.gpus[0]?.utilizationPct[0], gpus[0]!.utilizationPct);
    for (const column of [all.cpuPct, all.memoryUsedBytes, ...all.gpus.map(({ powerW }) => powerW)])
      assert.equal(column.length, all.atMs.length);
    const [first = 0, second = 0] = all.atMs;
    assert.deepEqual((await metrics("rtx-box", { from: first, to: second })).atMs, [first, second]);
    assert.deepEqual((await metrics("rtx-box", { from: 0, to: 1 })).atMs, []);
  });

  it("has nothing where this device tells nothing; the live reading says why", async () => {
    await until(async () => (await metrics("spark")).atMs.length > 0, "a reading of spark", 20_000);
    const { reading } = await fleet.client.call("getHost", { params: { host: "spark" } });
    assert.deepEqual(reading?.gpus[0]?.memoryUsedBytes, { unsupported: "unified" });
    const { gpus, memoryUsedBytes } = await metrics("spark");
    assert.ok(gpus[0]?.memoryUsedBytes.every((value) => value === null));
    assert.equal(memoryUsedBytes.at(-1), metricValue(reading.memoryUsedBytes));
  });

  it("is answered in steps where they are asked for, also after the service was started again", async () => {
    const { atMs, stepS } = await metrics("rtx-box");
    assert.equal(stepS, null);
    const rolled = await metrics("rtx-box", { step: 60 });
    assert.equal(rolled.stepS, 60);
    assert.ok(rolled.atMs.length >= 1 && rolled.atMs.length < atMs.length);
    assert.ok(rolled.atMs.every((at) => at % 60_000 === 0));
    const load = rolled.gpus[0]?.utilizationPct[0] ?? -1;
    assert.ok(load >= 3 && load <= 77, String(load));
    await fleet.stopService();
    await fleet.startServiceAgain();
    const again = await metrics("rtx-box", { step: 60 });
    assert.deepEqual(again.atMs.slice(0, rolled.atMs.length), rolled.atMs);
    assert.equal(again.gpus[0]?.uuid, rolled.gpus[0]?.uuid);
    await assert.rejects(metrics("rtx-box", { step: 59 }), /step/);
  });

  it("is told on as it is read, as server-sent events, of one host or of all, and of none that there is not", async () => {
    /** The hosts of so many readings, in their order, each checked by the schema. */
    const hostsOf = async (query: Record<string, string>, count: number): Promise<string[]> => {
      const gone = new AbortController();
      const answer = await fleet.client.bytes("streamMetrics", { query }, { signal: gone.signal });
      assert.equal(answer.headers["content-type"], "text/event-stream");
      let text = "";
      const readings = () =>
        [...text.matchAll(/^event: reading\ndata: (.*)\n\n/gm)].map(([, data = ""]) =>
          hostReadingSchema.parse(JSON.parse(data)),
        );
      for await (const part of answer as AsyncIterable<Buffer>) {
        text += part.toString();
        if (readings().length >= count) break;
      }
      gone.abort();
      return readings().map(({ hostId }) => hostId);
    };
    const { hosts } = await fleet.client.call("listHosts");
    const spark = hosts.find(({ name }) => name === "spark")!;
    assert.deepEqual([...new Set(await hostsOf({ host: "spark" }, 4))], [spark.id]);
    const all = new Set(await hostsOf({}, 3 * hosts.length));
    assert.deepEqual([...all].sort(), hosts.map(({ id }) => id).sort());
    await assert.rejects(hostsOf({ host: "nobody" }, 1), /nobody/);
  });

  it("is gone with the host, and not told of one that is none", async () => {
    await fleet.client.call("removeHost", { params: { host: "spark" } });
    await assert.rejects(metrics("spark"), /spark/);
  });
});
