import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRollUps, type RollUps } from "../../service/metrics/createRollUps.ts";
import type { MetricsFile } from "../../service/metrics/metricsFile.ts";
import { openMetricsFile } from "../../service/store/openMetricsFile.ts";
import { aGpu, aReading } from "../support/fleetRecords.ts";

const hostId = "h-0000000000000001";
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** The beginning of a day. */
const start = 20_000 * day;

describe("what hosts did", () => {
  let folder: string;
  let file: MetricsFile;
  let rollUps: RollUps;
  let nowMs = start;
  let failures: unknown[] = [];

  const path = () => join(folder, "metrics.sqlite");
  function open(): void {
    file = openMetricsFile(path(), (what) => failures.push(what));
    rollUps = createRollUps(
      file,
      () => nowMs,
      (error) => failures.push(error),
    );
  }
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hwledger-metrics-"));
    nowMs = start;
    failures = [];
    open();
  });
  afterEach(() => {
    file.close();
    rmSync(folder, { recursive: true });
  });

  /** A reading at a time, of a GPU with this load and memory. */
  function read(atMs: number, load: number | null, memory = 1_000, host = hostId): void {
    nowMs = atMs;
    const figure = load === null ? ({ unsupported: "error" } as const) : { value: load };
    const gpus = [aGpu({ uuid: "a", name: "A", utilizationPct: figure, memoryUsedBytes: { value: memory } })];
    rollUps.add(aReading({ hostId: host, atMs, cpuPct: figure, gpus }));
  }
  const asked = (fromMs: number, toMs: number, stepMs: number, host = hostId) =>
    rollUps.between(host, { fromMs, toMs, stepMs });
  const loads = async (fromMs: number, toMs: number, stepMs = minute) => {
    const { atMs, gpus } = (await asked(fromMs, toMs, stepMs)).metrics;
    return atMs.map((at, index) => [(at - start) / minute, gpus[0]?.utilizationPct[index]]);
  };

  it("are rolled up by the minute: load on average, memory at its highest, gaps where nothing was read", async () => {
    read(start + 1_000, 10, 5_000);
    read(start + 2_000, 20, 9_000);
    read(start + 3_000, null, 7_000);
    read(start + 2 * minute, null);
    read(start + 5 * minute, 30);
    const { stepMs, metrics } = await asked(start, start + hour, minute);
    assert.equal(stepMs, minute);
    assert.deepEqual(metrics, {
      atMs: [start, start + 2 * minute, start + 5 * minute],
      cpuPct: [15, null, 30],
      memoryUsedBytes: metrics.memoryUsedBytes,
      gpus: [
        {
          uuid: "a",
          name: "A",
          utilizationPct: [15, null, 30],
          memoryUsedBytes: [9_000, 1_000, 1_000],
          temperatureC: metrics.gpus[0]?.temperatureC,
          powerW: metrics.gpus[0]?.powerW,
        },
      ],
    });
    assert.deepEqual(failures, []);
  });

  it("outlive the service, also in the middle of a minute, an hour and a day", async () => {
    for (let at = 0; at < 90; at += 1) read(start + 23 * hour + at * minute, at % 2 === 0 ? 10 : 30);
    const before = await loads(start + 23 * hour, nowMs);
    assert.equal(before.length, 90);
    rollUps.writeAll();
    file.close();
    open();
    assert.deepEqual(await loads(start + 23 * hour, nowMs), before);
    // The minute that had begun goes on.
    read(nowMs + 10_000, 50);
    assert.deepEqual((await loads(nowMs - minute, nowMs)).at(-1), [23 * 60 + 89, 40]);
    read(nowMs + minute, 70);
    assert.deepEqual(
      (await loads(start, nowMs, hour)).map(([at]) => at),
      [23 * 60, 24 * 60],
    );
    assert.equal((await loads(start, nowMs, hour))[0]?.[1], 20);
  });

  it("are written a sixtieth of the hosts at a second, and what is due only", () => {
    const hosts = Array.from({ length: 120 }, (_, at) => `h-${String(at).padStart(16, "0")}`);
    for (const host of hosts) read(start, 10, 1, host);
    for (let second = 0; second < 60; second += 1) rollUps.writeDue();
    assert.deepEqual(file.hosts(), []); // the minute is not over
    for (const host of hosts) read(start + minute, 10, 1, host);
    let most = 0;
    for (let second = 0; second < 60; second += 1) {
      const before = file.hosts().length;
      rollUps.writeDue();
      most = Math.max(most, file.hosts().length - before);
    }
    assert.equal(file.hosts().length, 120);
    assert.equal(most, 2);
  });

  it("grow older: minutes for 30 days and hours for two years, within their room", async () => {
    for (let at = 0; at < 740; at += 1) {
      read(start + at * day, 10);
      read(start + at * day + minute, 20);
      rollUps.writeAll();
    }
    for (let second = 0; second < 60; second += 1) rollUps.writeDue();
    const minutesLeft = file.range(hostId, minute, 0, nowMs).length;
    const hoursLeft = file.range(hostId, hour, 0, nowMs).length;
    assert.ok(minutesLeft >= 30 && minutesLeft <= 32, String(minutesLeft));
    assert.ok(hoursLeft >= 730 && hoursLeft <= 732, String(hoursLeft));
    const year = await asked(nowMs - 365 * day, nowMs, minute);
    assert.equal(year.stepMs, 5 * hour);
    assert.ok(year.metrics.atMs.length >= 365);
    assert.ok(year.metrics.gpus[0]?.utilizationPct.every((load) => load === 15));
  });

  it("are answered in steps of at least what was asked for, and never more than 2,000 of them", async () => {
    for (let at = 0; at < 600; at += 1) {
      read(start + at * minute, at % 100);
      if (at % 60 === 0) rollUps.writeAll();
    }
    assert.equal((await asked(start, nowMs, minute)).metrics.atMs.length, 600);
    const five = await asked(start, nowMs, 5 * minute);
    assert.deepEqual(
      [five.stepMs, five.metrics.atMs.length, five.metrics.gpus[0]?.utilizationPct[0]],
      [5 * minute, 120, 2],
    );
    assert.equal((await asked(start, nowMs, 90_000)).stepMs, 2 * minute);
    assert.equal((await asked(nowMs - 6 * day, nowMs, minute)).stepMs, 5 * minute);
    assert.equal((await asked(nowMs - 8 * day, nowMs, minute)).stepMs, hour);
    // The last day, where nothing is said; and what is to come is nothing.
    const last = await rollUps.between(hostId, { fromMs: null, toMs: null, stepMs: minute });
    assert.equal(last.metrics.atMs.length, 600);
    assert.deepEqual((await asked(nowMs + day, nowMs + 2 * day, minute)).metrics.gpus, []);
    assert.deepEqual((await asked(nowMs, start, minute)).metrics.atMs, []);
    assert.deepEqual((await asked(start, nowMs, minute, "h-none")).metrics.atMs, []);
  });

  it("bear a clock that is set back, and late readings", async () => {
    read(start + 2 * hour, 10);
    read(start + 2 * hour - 500, 99);
    read(start + 1 * hour, 30);
    read(start + 1 * hour + minute, 50);
    nowMs = start + 3 * hour;
    assert.deepEqual(await loads(start, nowMs), [
      [60, 30],
      [61, 50],
      [120, 10],
    ]);
  });

  it("are right for the hour that is not over", async () => {
    for (let at = 0; at < 59; at += 1) read(start + at * minute, 10);
    read(start + 59 * minute, 100);
    assert.deepEqual(await loads(start, nowMs, hour), [[0, 11.5]]);
    rollUps.writeAll();
    assert.deepEqual(await loads(start, nowMs, hour), [[0, 11.5]]);
  });

  it("are bounded, whatever a host says: readings in a minute, and GPUs in a piece", async () => {
    for (let at = 0; at < 10_000; at += 1) read(start + at, at < 400 ? 10 : 90);
    assert.equal((await loads(start, nowMs))[0]?.[1], 86.8); // each 400 ms one: of 25 the first is 10
    for (let at = 1; at < 59; at += 1) {
      const gpus = Array.from({ length: 100 }, (_, n) => aGpu({ uuid: `${at}-${n}` }));
      nowMs = start + at * minute;
      rollUps.add(aReading({ hostId, atMs: nowMs, gpus }));
    }
    rollUps.writeAll();
    const { metrics } = await asked(start, nowMs, minute);
    assert.equal(metrics.gpus.length, 256);
  });

  it("of one host that cannot be written keep no other from it", async () => {
    const real = file;
    file = {
      ...real,
      put(pieces) {
        if (pieces[0]?.hostId === hostId) throw new Error("no");
        real.put(pieces);
      },
    };
    rollUps = createRollUps(
      file,
      () => nowMs,
      (error) => failures.push(error),
    );
    read(start, 10);
    read(start, 10, 1, "h-0000000000000002");
    rollUps.writeAll();
    assert.deepEqual(real.hosts(), ["h-0000000000000002"]);
    file = real;
    // Nor do they grow for ever.
    for (let at = 0; at < 40; at += 1) read(start + at * hour, 10);
    rollUps.writeAll();
    assert.ok((await loads(start, nowMs)).length <= 6);
  });

  it("go with the host", async () => {
    read(start, 10);
    rollUps.writeAll();
    rollUps.forget(hostId);
    assert.deepEqual([file.hosts(), await loads(start, nowMs)], [[], []]);
  });

  it("are tried again where the disk is full, told of once, and not lost meanwhile", async () => {
    let isFull = true;
    const real = file;
    file = {
      ...real,
      put(pieces) {
        if (isFull) throw new Error("the disk is full");
        real.put(pieces);
      },
    };
    rollUps = createRollUps(
      file,
      () => nowMs,
      (error) => failures.push(error),
    );
    for (let at = 0; at < 70; at += 1) {
      read(start + at * minute, 10);
      for (let second = 0; second < 60; second += 1) rollUps.writeDue();
    }
    assert.equal(failures.length, 1);
    assert.equal((await loads(start, nowMs)).length, 70);
    isFull = false;
    rollUps.writeAll();
    assert.equal(real.range(hostId, minute, 0, nowMs).length, 2);
    file = real;
    rollUps = createRollUps(
      file,
      () => nowMs,
      (error) => failures.push(error),
    );
    assert.equal((await loads(start, nowMs)).length, 70);
  });
});
