import assert from "node:assert/strict";
import { jobIdSchema, type HostId } from "../../protocol/ids.ts";
import { problemOfError, Refusal } from "../../protocol/problem.ts";
import type { Contact } from "../../extension/core/contact.ts";
import type { FleetState, KnownHost } from "../../extension/core/fleetState.ts";
import { arrangeRows } from "../../extension/core/panels/arrangeRows.ts";
import { dashboardModel } from "../../extension/core/panels/dashboardModel.ts";
import {
  dashboardModelSchema,
  type DashboardColumn,
  type DashboardRow,
} from "../../extension/core/panels/dashboardSchema.ts";
import { unowned } from "../../protocol/probe/processOwners.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";
import { identity } from "../support/handPlayedFleet.ts";

const nowMs = 100_000;
const idOf = (n: number) => `h-${String(n).padStart(16, "0")}` as HostId;
const lost: Contact = {
  kind: "lost",
  sinceMs: nowMs - 60_000,
  problem: problemOfError(
    new Refusal("service-unreachable", { url: "https://127.0.0.1:1", reason: "refused" }),
  ),
};

function aFleet(...hosts: Partial<KnownHost["record"]>[]): FleetState {
  const known = hosts.map((over, n): [HostId, KnownHost] => {
    const record = aHost({ id: idOf(n + 1), name: `box-${n + 1}`, ...over });
    return [record.id, { record, reading: record.reading, heardAtMs: nowMs }];
  });
  return { hosts: new Map(known), jobs: new Map(), isKnown: true };
}

function modelOf(fleet: FleetState, contact: Contact = { kind: "live" }) {
  // What a page gets has gone through JSON and its schema.
  return dashboardModelSchema.parse(
    JSON.parse(JSON.stringify(dashboardModel({ identity: identity("a"), fleet, contact }, nowMs))),
  );
}

describe("the dashboard", () => {
  it("has a row for each GPU, with its figures, its use and what its host costs", () => {
    const { rows, summary } = modelOf(aFleet({ rateMicroUsdPerHour: 440_000 }));
    const [row] = rows;
    assert.deepEqual(
      [row?.host, row?.gpu, row?.load.text, row?.memory.text, row?.temperature.text, row?.power.text],
      ["box-1", "0  RTX 3090", "37 %", "11.8/24.0 GiB", "62 °C", "210 W"],
    );
    assert.deepEqual([row?.use.text, row?.rate.text, row?.isStale], ["free", "$0.44/h", false]);
    assert.deepEqual(
      summary.map(({ text }) => text),
      ["1/1", "0/1", "37 %", "$0.44/h"],
    );
  });

  it("never shows a number for what was not measured, and says why", () => {
    const unsupported = { unsupported: "not-supported" } as const;
    const gpu = aGpu({ utilizationPct: unsupported, powerW: unsupported, memoryKind: "unified" });
    const { rows, summary } = modelOf(aFleet({ reading: aReading({ gpus: [gpu] }) }));
    assert.deepEqual(rows[0]?.load, { text: "–", value: null, hint: "this device has none" });
    assert.deepEqual(rows[0].memory.value, null);
    assert.equal(rows[0].memory.text, "unified");
    assert.equal(rows[0].rate.hint, "no rate is set");
    assert.deepEqual(
      summary.map(({ text }) => text),
      ["1/1", "0/1", "–", "–"],
    );
  });

  it("says who uses a GPU: the names of its processes, or why nobody knows, with our jobs beside it", () => {
    const process = (pid: number, name: string, user: string | null = null) => ({
      ...unowned({ pid, name, memoryBytes: { value: 1 } }),
      user,
    });
    const busy = [
      process(1, "/usr/bin/python3"),
      process(2, "python3"),
      process(3, "vllm"),
      process(4, "Xorg"),
    ];
    const jobId = jobIdSchema.parse("j-0000000000000001");
    const owned = [
      { ...process(5, "python3", "lab"), jobId },
      process(6, "python3", "ada"),
      process(7, "python3", "bob\u001b"),
    ];
    const gpus = [
      aGpu({ uuid: "a", index: 0, occupancy: { kind: "busy", processes: busy } }),
      aGpu({ uuid: "b", index: 1, occupancy: { kind: "busy", processes: [] } }),
      aGpu({ uuid: "c", index: 2, occupancy: { kind: "unknown", reason: "denied" } }),
      aGpu({ uuid: "d", index: 3 }),
      aGpu({ uuid: "e", index: 4, occupancy: { kind: "busy", processes: owned } }),
    ];
    const { rows } = modelOf(aFleet({ reading: aReading({ gpus }), activeJobs: 1 }));
    assert.deepEqual(
      rows.map(({ use }) => [use.kind, use.text]),
      [
        ["busy", "python3, vllm and 1 more"],
        ["busy", "in use"],
        ["unknown", "unknown: this login does not see its processes"],
        ["free", "free"],
        ["busy", "python3 (ours, ada and 1 more)"],
      ],
    );
    assert.match(
      rows[4]?.use.hint ?? "",
      /^python3 \(5, ours\); python3 \(6, ada\); python3 \(7, bob\?\); a job/,
    );
    assert.equal(rows[3]?.use.hint, "a job of ours runs on this host");
    assert.equal(rows[0]?.hostNote, "1 job runs here");
  });

  it("shows hosts without GPUs, those whose GPUs cannot be read, and those that cannot be reached with the reason", () => {
    const problem = { code: "version-mismatch", detail: "Driver/library version\u001b mismatch" };
    const { rows } = modelOf(
      aFleet(
        { reading: aReading({ gpus: [] }) },
        { reading: aReading({ gpus: [], gpuProblem: problem }) },
        {
          status: { kind: "unreachable", sinceMs: 0, code: "x", reason: "no route", lastSeenAtMs: 40_000 },
        },
        { reading: null, status: { kind: "never" } },
      ),
    );
    assert.deepEqual(
      rows.map(({ host, note, isStale }) => [host, note?.text ?? null, note?.tone ?? null, isStale]),
      [
        ["box-1", "No GPU", "plain", false],
        ["box-2", "GPUs cannot be read: Driver/library version? mismatch", "warning", false],
        ["box-3", "unreachable: no route", "warning", true],
        ["box-3", null, null, true],
        ["box-4", "not seen yet", "plain", true],
      ],
    );
    assert.equal(rows[3]?.hostNote, "1 min ago");
  });

  it("greys and dates everything without contact, and says so above", () => {
    const model = modelOf(aFleet({}), lost);
    assert.deepEqual([model.isStale, model.rows[0]?.isStale, model.banner?.tone], [true, true, "warning"]);
    assert.match(model.banner?.text ?? "", /^Not connected(?!.* ago)/);
    assert.equal(model.banner?.age, "What is shown was so 1 min ago.");
    assert.equal(model.banner?.actions[0]?.run, "reconnect");
    assert.deepEqual(
      model.summary.map(({ label }) => label),
      ["Hosts online", "GPUs busy", "Mean utilisation", "Rate"].map((label) => `${label}, last known`),
    );
    assert.equal(modelOf(aFleet({})).summary[0]?.label, "Hosts online");
  });

  it("says why it is empty: not read yet, no fleet, no hosts", () => {
    const empty = (session: Parameters<typeof dashboardModel>[0]) => dashboardModel(session, nowMs).banner;
    assert.match(empty(undefined)?.text ?? "", /Looking for your fleet/);
    assert.deepEqual(
      empty(null)?.actions.map(({ run }) => run),
      ["startService", "join"],
    );
    const live = { fleet: aFleet(), contact: { kind: "live" } } as const;
    const noHosts = (role: "admin" | "operator") => empty({ identity: identity("a", role), ...live });
    assert.match(noHosts("admin")?.text ?? "", /no hosts yet/);
    assert.deepEqual(
      noHosts("admin")?.actions.map(({ run }) => run),
      ["addHost"],
    );
    assert.deepEqual(noHosts("operator")?.actions, []);
    assert.equal(
      empty({ identity: identity("a"), fleet: aFleet(), contact: { kind: "live" } })?.actions[0]?.run,
      "addHost",
    );
  });
});

describe("the dashboard's table", () => {
  const gpus = (...loads: number[]) =>
    loads.map((value, index) => aGpu({ uuid: `GPU-${index}`, index, utilizationPct: { value } }));
  const { rows } = modelOf(
    aFleet(
      { name: "b10", reading: aReading({ gpus: gpus(5, 90) }) },
      { name: "b9", reading: aReading({ gpus: gpus(40) }) },
      { name: "a", reading: aReading({ gpus: [] }) },
    ),
  );
  const order = (column: DashboardColumn, isDescending = false, filter = "") =>
    arrangeRows(rows, { sort: { column, isDescending }, filter }).map(
      (row: DashboardRow) => `${row.host}${row.gpu === "" ? "" : `/${row.gpu.charAt(0)}`}`,
    );

  it("is sorted by host as people count, and keeps a host's GPUs in their order both ways", () => {
    assert.deepEqual(order("host"), ["a", "b9/0", "b10/0", "b10/1"]);
    assert.deepEqual(order("host", true), ["b10/0", "b10/1", "b9/0", "a"]);
  });

  it("is sorted by figures, with what has none last in both directions", () => {
    assert.deepEqual(order("load"), ["b10/0", "b9/0", "b10/1", "a"]);
    assert.deepEqual(order("load", true), ["b10/1", "b9/0", "b10/0", "a"]);
  });

  it("is filtered by every word, in names, notes and uses", () => {
    assert.deepEqual(order("host", false, "B10 free"), ["b10/0", "b10/1"]);
    assert.deepEqual(order("host", false, "no gpu"), ["a"]);
    assert.deepEqual(order("host", false, "free nothing"), []);
  });
});
