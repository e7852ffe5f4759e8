import assert from "node:assert/strict";
import { HostSeries, seriesAgeMs, seriesMaxReadings } from "../../protocol/hostSeries.ts";
import { aGpu, aReading } from "../support/fleetRecords.ts";

const all = [0, Number.MAX_SAFE_INTEGER] as const;

describe("the readings of the last minutes", () => {
  it("stand in columns, with nothing where there was no figure", () => {
    const series = new HostSeries();
    series.add(aReading({ atMs: 1_000, cpuPct: { value: 5 } }));
    const denied = { unsupported: "denied" } as const;
    series.add(aReading({ atMs: 2_000, cpuPct: denied, gpus: [aGpu({ powerW: denied })] }));
    const { atMs, cpuPct, gpus } = series.between(...all);
    assert.deepEqual({ atMs, cpuPct }, { atMs: [1_000, 2_000], cpuPct: [5, null] });
    assert.deepEqual(gpus[0]?.powerW, [210.4, null]);
    assert.deepEqual(gpus[0]?.utilizationPct, [37, 37]);
  });

  it("have a gap where a GPU was away, before it came and after it left", () => {
    const series = new HostSeries();
    const [one, two] = [aGpu({ uuid: "GPU-1" }), aGpu({ uuid: "GPU-2" })];
    for (const [atMs, gpus] of [
      [1_000, [one]],
      [2_000, [one, two, two]],
      [3_000, [two]],
    ] as const)
      series.add(aReading({ atMs, gpus: [...gpus] }));
    const { gpus } = series.between(...all);
    assert.deepEqual(
      gpus.map(({ uuid, utilizationPct }) => [uuid, ...utilizationPct]),
      [
        ["GPU-1", 37, 37, null],
        ["GPU-2", null, 37, 37],
      ],
    );
    assert.deepEqual(
      series.between(3_000, 3_000).gpus.map(({ uuid }) => uuid),
      ["GPU-2"],
    );
  });

  it("are read for a part of the time, both ends included", () => {
    const series = new HostSeries();
    for (const atMs of [1_000, 2_000, 3_000, 4_000]) series.add(aReading({ atMs }));
    assert.deepEqual(series.between(2_000, 3_000).atMs, [2_000, 3_000]);
    assert.deepEqual(series.between(5_000, 9_000).atMs, []);
  });

  it("pass over a reading that came late, and begin anew when the clock was set back", () => {
    const series = new HostSeries();
    for (const atMs of [100_000, 101_000, 101_000, 100_500]) series.add(aReading({ atMs }));
    assert.deepEqual(series.between(...all).atMs, [100_000, 101_000]);
    series.add(aReading({ atMs: 9_000 }));
    assert.deepEqual(series.between(...all).atMs, [9_000]);
  });

  it("are bounded by age", () => {
    const series = new HostSeries();
    for (let atMs = 0; atMs < 2 * seriesAgeMs; atMs += 1_000) series.add(aReading({ atMs }));
    assert.ok(
      series.length >= seriesAgeMs / 1_000 && series.length < seriesAgeMs / 1_000 + 70,
      `${series.length}`,
    );
    assert.equal(series.newestAtMs, 2 * seriesAgeMs - 1_000);
  });

  it("are bounded by count, and forget a GPU that left long ago", () => {
    const series = new HostSeries();
    series.add(aReading({ atMs: 1, gpus: [aGpu({ uuid: "GPU-gone" })] }));
    for (let atMs = 2; atMs < 5_000; atMs += 1) series.add(aReading({ atMs }));
    const { atMs, gpus, cpuPct } = series.between(...all);
    assert.ok(atMs.length >= seriesMaxReadings && atMs.length < seriesMaxReadings + 70, `${atMs.length}`);
    assert.equal(cpuPct.length, atMs.length);
    assert.deepEqual(
      gpus.map(({ uuid }) => uuid),
      ["GPU-0"],
    );
  });

  it("keep what a service that was started again does not remember, and nothing after its clock was set back", () => {
    const seriesOf = (times: number[], gpuId: string) => {
      const series = new HostSeries();
      for (const atMs of times) series.add(aReading({ atMs, gpus: [aGpu({ uuid: gpuId })] }));
      return series;
    };
    const here = seriesOf([1_000, 2_000, 3_000, 4_000, 9_000], "GPU-1");
    here.merge(seriesOf([3_000, 5_000], "GPU-2").between(...all));
    const { atMs, cpuPct, gpus } = here.between(...all);
    assert.deepEqual(atMs, [1_000, 2_000, 3_000, 5_000, 9_000]);
    assert.equal(cpuPct.length, 5);
    assert.deepEqual(
      gpus.map(({ uuid, utilizationPct }) => [uuid, ...utilizationPct]),
      [
        ["GPU-1", 37, 37, null, null, 37],
        ["GPU-2", null, null, 37, 37, null],
      ],
    );
    here.merge(seriesOf([], "GPU-2").between(...all));
    assert.equal(here.length, 5);
    const later = seriesOf([10_000_000], "GPU-1");
    later.merge(seriesOf([3_000], "GPU-2").between(...all));
    assert.deepEqual(later.between(...all).atMs, [3_000]);
  });

  it("go on from what a service remembers, without touching its answer", () => {
    const service = new HostSeries();
    service.add(aReading({ atMs: 1_000 }));
    const answer = service.between(...all);
    const here = new HostSeries();
    here.replace(answer);
    here.add(aReading({ atMs: 2_000 }));
    assert.deepEqual(here.between(...all).gpus[0]?.temperatureC, [62, 62]);
    assert.deepEqual(answer.atMs, [1_000]);
    assert.deepEqual(answer.gpus[0]?.temperatureC, [62]);
  });
});
