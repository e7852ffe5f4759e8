import assert from "node:assert/strict";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import { HostSeries } from "../../protocol/hostSeries.ts";
import type { HostId, JobId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import type { LedgerEvent } from "../../protocol/ledger/events.ts";
import { axisBytes } from "../../extension/core/panels/axisBytes.ts";
import { axisTicks } from "../../extension/core/panels/axisTicks.ts";
import { createHostHistory } from "../../extension/core/panels/createHostHistory.ts";
import { hostEvents } from "../../extension/core/panels/hostEvents.ts";
import { hostPanelModel } from "../../extension/core/panels/hostPanelModel.ts";
import { hostPanelModelSchema } from "../../extension/core/panels/hostSchema.ts";
import { formatUsd, jobCostFigure, jobCostMicroUsd } from "../../extension/core/panels/jobCost.ts";
import { withGaps } from "../../extension/core/panels/withGaps.ts";
import { aHost, aJob, aReading } from "../support/fleetRecords.ts";
import { identity } from "../support/handPlayedFleet.ts";

const nowMs = 3_700_000;
const hostId = aHost().id;
const { fleetId } = identity("a");
const upToNow = hostPanelModelSchema.omit({ charted: true });
const none = new HostSeries().between(0, 0);

function anEvent(seq: number, type: string, payload: Record<string, unknown>): LedgerEvent {
  return { seq, atMs: 0, schema: 1, type, actor: "user/ada", payload, prev: "", hash: "" };
}

function modelOf(jobs: JobRecord[], rateMicroUsdPerHour: number | null, events: LedgerEvent[] | null = null) {
  const record = aHost({ rateMicroUsdPerHour });
  const session = {
    identity: identity("a"),
    contact: { kind: "live" } as const,
    fleet: {
      hosts: new Map([[hostId, { record, reading: record.reading, heardAtMs: nowMs }]]),
      jobs: new Map(jobs.map((job) => [job.id, job])),
      isKnown: true,
    },
  };
  const model = hostPanelModel(
    session,
    { fleetId, isMember: true, hostId, minutes: 5, metrics: none, events },
    nowMs,
  );
  return upToNow.parse(JSON.parse(JSON.stringify(model)));
}

describe("a host's panel", () => {
  it("heads with how the host stands and what it is", () => {
    const { host } = modelOf([], null);
    assert.deepEqual(host?.status, { text: "online", tone: "good" });
    assert.deepEqual(
      host.facts.map(({ label, text }) => `${label}: ${text}`),
      [
        "Address: rtx-box",
        "System: Debian 12",
        "Up for: 2 h",
        "Disk: 100.0/500.0 GiB",
        "GPUs: 1 of 1 free",
        "Rate: not set",
      ],
    );
    assert.deepEqual(
      [host.gpus[0]?.title, host.gpus[0]?.load.text, host.gpus[0]?.power.top],
      ["GPU 0 · RTX 3090", "37 %", 350],
    );
  });

  it("says what its jobs have cost at today's rate, and that nobody knows without one", () => {
    const ran = aJob({ state: "succeeded", startedAtMs: 100_000, endedAtMs: 100_000 + 1_800_000 });
    const { cost, jobs } = modelOf([ran], 2_000_000);
    assert.deepEqual(cost, { rate: "$2.00/h", jobs: "$1.00 at today's rate, for the job below" });
    assert.equal(jobs[0]?.cost.text, "$1.00");
    assert.deepEqual(modelOf([ran], null).cost, { rate: "no rate is set", jobs: "unknown without a rate" });
    assert.deepEqual(jobCostFigure(aJob({ startedAtMs: null }), 1, nowMs).hint, "it never ran");
  });

  it("counts a running job until now, and never a negative time", () => {
    assert.equal(jobCostMicroUsd(aJob({ startedAtMs: nowMs - 3_600_000 }), 440_000, nowMs), 440_000);
    assert.equal(jobCostMicroUsd(aJob({ startedAtMs: nowMs + 9_000 }), 440_000, nowMs), 0);
  });

  it("lists only its own jobs, those that run first", () => {
    const id = (n: number) => `j-${String(n).padStart(16, "0")}` as JobId;
    const { jobs } = modelOf(
      [
        aJob({ id: id(1), state: "failed", endedAtMs: 9_000, createdAtMs: 50 }),
        aJob({ id: id(2), createdAtMs: 10, startedAtMs: nowMs - 65_000 }),
        aJob({ id: id(3), hostId: "h-00000000000000ff" as HostId }),
      ],
      null,
    );
    assert.deepEqual(
      jobs.map((job) => job.id),
      [id(2), id(1)],
    );
    assert.equal(jobs[0]?.outcome, "running for 1 min");
  });

  it("tells the newest events of the host and of its jobs, once each, in words, by what they mean", () => {
    const jobId = aJob().id;
    const queued = { jobId, script: "a.py", args: [], envNames: [], timeoutMs: null };
    const failed = {
      jobId,
      exitCode: 3,
      cause: { kind: "exited", code: 3 },
      logBytes: 1,
      logSha256: null,
      lastedMs: 5,
    };
    const added = { hostId, name: "rtx-box", connection: { kind: "local" }, python: null };
    const events = [
      anEvent(1, "host.added", { ...added, rateMicroUsdPerHour: 440_000 }),
      anEvent(2, "job.queued", queued),
      anEvent(3, "host.added", { ...added, hostId: "h-00000000000000ff", rateMicroUsdPerHour: null }),
      anEvent(4, "job.failed", failed),
      anEvent(4, "job.failed", failed),
      anEvent(5, "job.failed", { ...failed, jobId: "j-00000000000000ff" }),
      anEvent(6, "host.key-refused", { host: "rtx-box", code: "host-key-changed", fingerprint: "SHA256:x" }),
      anEvent(7, "job.succeeded", { ...failed, exitCode: 0 }),
      anEvent(8, "host.painted", { hostId }),
    ];
    assert.deepEqual(
      modelOf([aJob()], null, events).events?.map(({ seq, type, what, tone, detail }) =>
        [seq, type, what, tone, detail].join(" | "),
      ),
      [
        `8 | host.painted | host.painted | plain | {"hostId":"${hostId}"}`,
        "7 | job.succeeded | train.py succeeded, exit 0 | good | ",
        "6 | host.key-refused | a wrong key of rtx-box was refused | warning | SHA256:x",
        "4 | job.failed | train.py failed, exit 3 | bad | ",
        "2 | job.queued | a.py was dispatched | plain | ",
        "1 | host.added | rtx-box was added | plain | $0.44/h",
      ],
    );
    const many = Array.from({ length: 40 }, (_, n) => anEvent(n + 1, "host.changed", { hostId }));
    assert.equal(hostEvents(many, { hostId, name: "rtx-box", jobIds: new Set() }).length, 12);
  });

  it("says when its host is not in the fleet any more", () => {
    const fleet = { hosts: new Map(), jobs: new Map(), isKnown: true };
    const facts = { fleetId, isMember: true, hostId, minutes: 5, metrics: none, events: null } as const;
    const session = { identity: identity("a"), fleet, contact: { kind: "live" } } as const;
    const model = hostPanelModel(session, facts, nowMs);
    assert.equal(model.host, null);
    assert.match(model.banner?.text ?? "", /not in the fleet any more/);
  });

  it("says that its fleet is not shown while another is, with the way back, and shows nothing of that one", () => {
    const record = aHost();
    const hosts = new Map([[hostId, { record, reading: record.reading, heardAtMs: nowMs }]]);
    const fleet = { hosts, jobs: new Map([[aJob().id, aJob()]]), isKnown: true };
    const session = { identity: identity("b"), fleet, contact: { kind: "live" } } as const;
    const events = [anEvent(1, "host.changed", { hostId })];
    const facts = { fleetId: "fleet-2", isMember: true, hostId, minutes: 5, metrics: none, events } as const;
    const left = hostPanelModel(session, { ...facts, isMember: false }, nowMs).banner;
    assert.deepEqual([left?.text, left?.actions], ["You are in this host's fleet no longer.", []]);
    const model = upToNow.parse(hostPanelModel(session, facts, nowMs));
    assert.deepEqual([model.fleetId, model.host, model.jobs, model.events], ["fleet-2", null, [], null]);
    assert.equal(model.banner?.text, "This host is in a fleet that this window does not show now.");
    assert.deepEqual(model.banner?.actions, [{ label: "Switch to Another Fleet", run: "switchFleet" }]);
  });

  it("writes amounts with the digits they need", () => {
    assert.deepEqual([0, 50, 12_345, 999_900, 12_300_000].map(formatUsd), [
      "$0.00",
      "< $0.0001",
      "$0.0123",
      "$0.9999",
      "$12.30",
    ]);
  });
});

describe("the axis of a host's chart", () => {
  const gib = 2 ** 30;
  const ticks = (totalGib: number | null, endGib = totalGib ?? 10) =>
    axisTicks({
      end: endGib * gib,
      step: 32 * gib,
      top: totalGib === null ? null : totalGib * gib,
      nearest: 6 * gib,
    }).map(axisBytes);

  it("ends with the whole memory, also where that is no round figure", () => {
    assert.deepEqual(ticks(79.6), ["0", "32 GiB", "64 GiB", "79.6 GiB"]);
    assert.deepEqual(ticks(96), ["0", "32 GiB", "64 GiB", "96 GiB"]);
  });

  it("writes none so near to the whole that both could not be read", () => {
    assert.deepEqual(ticks(66.1), ["0", "32 GiB", "66.1 GiB"]);
    assert.deepEqual(ticks(94, 100), ["0", "32 GiB", "64 GiB", "94 GiB"]);
  });

  it("has its steps alone where nobody knows the whole", () => {
    assert.deepEqual(ticks(null, 70), ["0", "32 GiB", "64 GiB"]);
    assert.deepEqual(
      [251.6, 0.5].map((size) => axisBytes(size * gib)),
      ["252 GiB", "512 MiB"],
    );
  });
});

describe("a host's last minutes", () => {
  it("have a gap where nothing was read for long, and none between background readings", () => {
    const series = new HostSeries();
    for (const atMs of [0, 15_000, 30_000, 120_000]) series.add(aReading({ atMs }));
    const { atMs, cpuPct, gpus } = withGaps(series.between(0, nowMs));
    assert.deepEqual(atMs, [0, 15_000, 30_000, 30_001, 120_000]);
    assert.deepEqual(cpuPct, [5, 5, 5, null, 5]);
    assert.deepEqual(gpus[0]?.utilizationPct, [37, 37, 37, null, 37]);
  });

  it("come from the service at first, then live; the newest answer counts", async () => {
    const service = new HostSeries();
    for (const atMs of [1_000, 2_000]) service.add(aReading({ atMs }));
    const answers: ((value: unknown) => void)[] = [];
    const client = {
      call: (name: string) =>
        name === "listLedger"
          ? Promise.resolve({ events: [anEvent(7, "host.added", { hostId })], head: "", total: 1 })
          : new Promise((resolve) => answers.push(resolve)),
    } as unknown as Pick<RouteClient, "call">;
    let told = 0;
    const history = createHostHistory(hostId, () => (told += 1));
    const [first, second] = [history.load(client), history.load(client)];
    answers[1]?.(service.between(0, nowMs));
    await second;
    answers[0]?.(none);
    await first;
    history.take(aReading({ atMs: 3_000 }));
    history.take(aReading({ atMs: 3_000 }));
    assert.deepEqual(history.lastMinutes(1).atMs, [1_000, 2_000, 3_000]);
    assert.equal(told, 1);
    history.takeEvents([anEvent(8, "host.changed", { hostId })]);
    assert.deepEqual([...new Set(history.events?.map(({ seq }) => seq))], [7, 8]);
  });

  it("have the host's events also on a fleet where much else happened since", async () => {
    const jobId = aJob().id;
    const events = [
      anEvent(1, "host.added", { hostId, name: "rtx-box" }),
      anEvent(2, "job.queued", { jobId, script: "a.py" }),
      anEvent(3, "job.placed", { jobId, hostId, host: "rtx-box" }),
      anEvent(4, "host.key-refused", { host: "rtx-box", code: "host-key-changed" }),
      anEvent(5, "job.failed", { jobId }),
      ...Array.from({ length: 900 }, (_, n) =>
        anEvent(n + 6, "job.queued", { jobId: `j-${n}`, script: "b.py" }),
      ),
    ];
    const asked: object[] = [];
    const client = {
      call(name: string, input: { query: { contains?: string; after?: number; limit: number } }) {
        if (name !== "listLedger") return Promise.resolve(none);
        asked.push(input.query);
        const { contains = "", after, limit } = input.query;
        const fit = events.filter(({ payload }) => JSON.stringify(payload).includes(contains));
        const page =
          after === undefined ? fit.slice(-limit) : fit.filter(({ seq }) => seq > after).slice(0, limit);
        return Promise.resolve({ events: page, head: "", total: events.length });
      },
    } as unknown as Pick<RouteClient, "call">;
    const history = createHostHistory(hostId, () => undefined);
    await history.load(client, "rtx-box");
    const shown = () =>
      hostEvents(history.events ?? [], { hostId, name: "rtx-box", jobIds: new Set() }).map(({ seq }) => seq);
    assert.deepEqual(shown(), [5, 4, 3, 2, 1]);
    assert.equal(asked.length, 4);
    for (let seq = 906; seq < 6_000; seq += 10)
      history.takeEvents(
        Array.from({ length: 10 }, (_, n) => anEvent(seq + n, "job.queued", { jobId: "j-x" })),
      );
    assert.deepEqual(shown(), [5, 4, 3, 2, 1], "what came since pushed them out");
    assert.ok((history.events?.length ?? 0) <= 1_500);
  });

  it("are what is known when the service does not answer", async () => {
    const client = { call: () => Promise.reject(new Error("gone")) } as unknown as Pick<RouteClient, "call">;
    const history = createHostHistory(hostId, () => undefined);
    history.take(aReading({ atMs: 3_000 }));
    await history.load(client);
    assert.deepEqual(history.lastMinutes(5).atMs, [3_000]);
    assert.equal(history.events, null);
  });
});
