import assert from "node:assert/strict";
import type { HostRecord } from "../../protocol/host.ts";
import type { HostId } from "../../protocol/ids.ts";
import { Refusal, problemOf } from "../../protocol/problem.ts";
import type { Contact } from "../../extension/core/contact.ts";
import { changedRows } from "../../extension/core/changedRows.ts";
import { createRowFeed } from "../../extension/core/createRowFeed.ts";
import {
  unknownFleet,
  withFleetData,
  withReading,
  type FleetState,
} from "../../extension/core/fleetState.ts";
import { gpuTooltip, hostTooltip } from "../../extension/core/tooltips.ts";
import { rowIndex } from "../../extension/core/rowIndex.ts";
import type { TreeRow } from "../../extension/core/treeRow.ts";
import { treeRows } from "../../extension/core/treeRows.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";

const live: Contact = { kind: "live" };
const lost: Contact = {
  kind: "lost",
  sinceMs: 0,
  problem: problemOf("service-unreachable", { url: "https://127.0.0.1:1", reason: "nothing listens there" }),
};

function aFleet(hosts: HostRecord[], nowMs = 0): FleetState {
  const data = { kind: "fleet" as const, hosts, jobs: [], removedHostIds: [] };
  return withFleetData(unknownFleet, data, { whole: true, nowMs });
}

function texts(rows: readonly TreeRow[]): string[] {
  return rows.map((row) => `${row.label} | ${row.description}`);
}

describe("the rows of the Hosts view", () => {
  it("show a host with its free GPUs and rate, and each GPU with its figures", () => {
    const fleet = aFleet([aHost({ rateMicroUsdPerHour: 440_000, activeJobs: 1 })]);
    assert.deepEqual(texts(treeRows(fleet, live, 0)), [
      "rtx-box | online · 0/1 free · $0.44/h · 1 job",
      "GPU 0 | ▄ 37% 12/24G 62° 210W · RTX 3090",
    ]);
  });

  it("say a model's memory once, small amounts to a tenth", () => {
    const rowOf = (name: string, usedGiB: number, totalGiB: number) => {
      const bytes = (gib: number) => ({ value: gib * 1_073_741_824 });
      const gpu = aGpu({ name, memoryUsedBytes: bytes(usedGiB), memoryTotalBytes: bytes(totalGiB) });
      const [, row] = treeRows(aFleet([aHost({ reading: aReading({ gpus: [gpu] }) })]), live, 0);
      const [figures = "", model] = row!.description.split(" · ");
      return `${model} | ${figures.split(" ")[2]}`;
    };
    assert.deepEqual(
      [
        rowOf("NVIDIA H100 80GB HBM3", 67.4, 79.6),
        rowOf("NVIDIA A100-SXM4-80GB", 0.04, 80),
        rowOf("NVIDIA A100 80GB PCIe", 9.94, 80),
        rowOf("NVIDIA A100-PCIE-40GB MIG 1g.5gb", 1, 4.75),
        rowOf("NVIDIA GeForce RTX 3060", 9.96, 12),
      ],
      [
        "H100 | 67/80G",
        "A100-SXM4 | 0.0/80G",
        "A100 PCIe | 9.9/80G",
        "A100-PCIE MIG 1g.5gb | 1.0/4.8G",
        "RTX 3060 | 10/12G",
      ],
    );
  });

  it("keep the size in the model's name where the memory itself is not known", () => {
    const gpu = aGpu({ name: "NVIDIA H100 80GB HBM3", memoryUsedBytes: { unsupported: "error" } });
    const [, row] = treeRows(aFleet([aHost({ reading: aReading({ gpus: [gpu] }) })]), live, 0);
    assert.match(row!.description, / · H100 80GB HBM3$/);
  });

  it("leave out what a device cannot tell and never show it as 0", () => {
    const gpu = aGpu({
      utilizationPct: { unsupported: "not-supported" },
      memoryKind: "unified",
      memoryUsedBytes: { unsupported: "unified" },
      memoryTotalBytes: { unsupported: "unified" },
      powerW: { unsupported: "error" },
      occupancy: { kind: "unknown", reason: "the tool does not say" },
    });
    const [host, row] = treeRows(aFleet([aHost({ reading: aReading({ gpus: [gpu] }) })]), live, 0);
    assert.deepEqual([row?.description, row?.icon?.codicon], ["unified 62° · RTX 3090", "question"]);
    assert.equal(host?.description, "online · 0/1 free");
  });

  it("name a faulty GPU as faulty", () => {
    const gpu = aGpu({ utilizationPct: { unsupported: "fault" } });
    const row = treeRows(aFleet([aHost({ reading: aReading({ gpus: [gpu] }) })]), live, 0)[1];
    assert.deepEqual(
      [row?.description, row?.icon?.codicon],
      ["faulty: its figures cannot be read · RTX 3090", "error"],
    );
  });

  it("grey what an offline host last said and tell its age, which goes on", () => {
    const host = aHost({ status: { kind: "offline", lastSeenAtMs: 0, silentMs: 120_000 } });
    const rows = treeRows(aFleet([host], 5_000), live, 65_000);
    assert.deepEqual(texts(rows), [
      "rtx-box | offline, seen 3 min ago",
      "GPU 0 | 3 min ago: 37% 12/24G 62° 210W · RTX 3090",
    ]);
    assert.ok(rows.every((row) => row.isStale && row.icon?.color === "disabledForeground"));
  });

  it("grey everything while the service does not answer, also hosts that were online", () => {
    const rows = treeRows(aFleet([aHost()]), lost, 40_000);
    assert.equal(rows[0]?.description, "seen 40 s ago");
    assert.ok(rows.every((row) => row.isStale));
    // A service that was started again has seen nothing yet; this editor holds what the one before it had read.
    const reread = aHost({ status: { kind: "never" }, reading: aReading({ atMs: 10_000 }) });
    assert.equal(treeRows(aFleet([reread], 20_000), lost, 40_000)[0]?.description, "seen 30 s ago");
  });

  it("say why a host is not reached and why GPUs cannot be read", () => {
    const status = {
      kind: "unreachable",
      sinceMs: 0,
      code: "host-unreachable",
      reason: new Refusal("host-unreachable", { host: "rtx-box", address: "[fe80::1]:22", reason: "refused" })
        .message,
      lastSeenAtMs: null,
    };
    const gpuProblem = { code: "nvidia-smi-failed", detail: "Failed to initialize NVML:\nDriver mismatch" };
    const fleet = aFleet([
      aHost({ status: status as HostRecord["status"], reading: null }),
      aHost({
        id: "h-0000000000000002" as HostId,
        name: "stale-a10",
        reading: aReading({ hostId: "h-0000000000000002", gpus: [], gpuProblem }),
      }),
    ]);
    assert.deepEqual(texts(treeRows(fleet, live, 0)), [
      "rtx-box | unreachable: refused",
      "stale-a10 | online · GPUs unknown",
      "GPUs cannot be read | Failed to initialize NVML: Driver mismatch",
    ]);
  });

  it("date what an editor still holds of a host that the service has not seen since its start", () => {
    const status = { kind: "unreachable", sinceMs: 0, code: "x", reason: "no", lastSeenAtMs: null } as const;
    const fleet = aFleet([aHost({ status, reading: aReading({ atMs: 10_000 }) })], 70_000);
    const rows = treeRows(fleet, lost, 190_000);
    assert.equal(rows[0]?.description, "seen 3 min ago");
    assert.match(rows[1]?.description ?? "", /^3 min ago: 37%/);
  });

  it("keep this machine first, then the names in order", () => {
    const names = ["gpu10", "gpu9", "here"].map((name, at) =>
      aHost({ id: `h-000000000000000${at + 1}` as HostId, name, reading: null }),
    );
    const here = { ...names[2], connection: { kind: "local" } } as HostRecord;
    const fleet = aFleet([...names.slice(0, 2), here]);
    assert.deepEqual(
      treeRows(fleet, live, 0).map((row) => row.label),
      ["here", "gpu9", "gpu10"],
    );
  });
});

describe("what is known of the fleet", () => {
  it("takes the newest reading by whatever topic it came and passes over older records", () => {
    let fleet = aFleet([aHost({ revision: 5 })]);
    fleet = withReading(fleet, aReading({ atMs: 9_000, cpuPct: { value: 99 } }));
    const data = { kind: "fleet" as const, hosts: [aHost({ revision: 6 })], jobs: [], removedHostIds: [] };
    fleet = withFleetData(fleet, data, { whole: false, nowMs: 1 });
    const host = [...fleet.hosts.values()][0];
    assert.deepEqual([host?.reading?.atMs, host?.record.revision], [9_000, 6]);
    const old = { ...data, hosts: [aHost({ revision: 4, name: "older" })] };
    const after = withFleetData(fleet, old, { whole: false, nowMs: 2 });
    assert.equal([...after.hosts.values()][0]?.record.name, "rtx-box");
    assert.equal(withReading(fleet, aReading({ atMs: 8_000 })), fleet);
  });

  it("takes what is read after the service's clock was set back, by either topic", () => {
    const hour = 3_600_000;
    const readingOf = (fleet: FleetState) => [...fleet.hosts.values()][0]?.reading;
    const fleet = withReading(aFleet([aHost()]), aReading({ atMs: 2 * hour, cpuPct: { value: 11 } }));
    const back = aReading({ atMs: hour, cpuPct: { value: 98 } });
    assert.equal(readingOf(withReading(fleet, back)), back);
    const data = { kind: "fleet" as const, hosts: [aHost({ reading: back })], jobs: [], removedHostIds: [] };
    assert.equal(readingOf(withFleetData(fleet, data, { whole: true, nowMs: 1 })), back);
  });

  it("forgets removed hosts, and with a snapshot those that are not in it", () => {
    const fleet = aFleet([aHost()]);
    const none = { kind: "fleet" as const, hosts: [], jobs: [] };
    const removed = { ...none, removedHostIds: ["h-0000000000000001"] };
    assert.equal(withFleetData(fleet, removed, { whole: false, nowMs: 0 }).hosts.size, 0);
    const empty = { ...none, removedHostIds: [] };
    assert.equal(withFleetData(fleet, empty, { whole: true, nowMs: 0 }).hosts.size, 0);
    assert.equal(withFleetData(fleet, empty, { whole: false, nowMs: 0 }).hosts.size, 1);
  });
});

describe("tooltips", () => {
  it("say why a figure is missing, and show hostile names as words", () => {
    const name = "evil](command:x) | `rm` <img>";
    const occupancy = { kind: "unknown", reason: "unlisted-load" } as const;
    const gpu = aGpu({ name, occupancy, powerW: { unsupported: "denied" } });
    const fleet = aFleet([aHost({ reading: aReading({ gpus: [gpu] }) })]);
    const host = [...fleet.hosts.values()][0];
    assert.ok(host);
    const text = gpuTooltip(host, gpu, 0);
    assert.match(text, /Power \| this login may not read it/);
    assert.match(text, /In use \| unknown: it is at work, but no process shows/);
    assert.ok(text.includes("evil\\]\\(command:x\\) \\| \\`rm\\` \\<img\\>"));
    assert.match(hostTooltip(host, live, 0), /\| GPUs \| 0 of 1 free \|/);
    const link = { ...host.record, name: "https://3232235777/x" };
    assert.doesNotMatch(hostTooltip({ ...host, record: link }, live, 0), /https:\/\//);
  });
});

describe("redrawing the tree", () => {
  const rows = (load: number, hosts = [aHost()]) =>
    treeRows(
      aFleet(
        hosts.map((host) => ({
          ...host,
          reading: aReading({ hostId: host.id, gpus: [aGpu({ utilizationPct: { value: load } })] }),
        })),
      ),
      live,
      0,
    );

  it("touches only the row that looks different", () => {
    assert.deepEqual(changedRows(rows(37), rows(37.2)), { kind: "none" });
    assert.deepEqual(changedRows(rows(37), rows(38)), { kind: "rows", ids: ["h-0000000000000001/GPU-0"] });
  });

  it("touches a host when its GPUs come or go, and everything when hosts do", () => {
    const [host] = rows(1);
    assert.ok(host);
    assert.deepEqual(changedRows([host], rows(1)), { kind: "rows", ids: [host.id] });
    assert.deepEqual(changedRows([], rows(1)), { kind: "all" });
  });

  it("finds a row and its children by their ids, in the order of the list", () => {
    const list = rows(1, [aHost(), aHost({ id: "h-0000000000000002" as HostId, name: "second" })]);
    const index = rowIndex(list);
    assert.equal(rowIndex(list), index);
    assert.deepEqual(
      index.children(null).map(({ label }) => label),
      ["rtx-box", "second"],
    );
    const [gpu, ...others] = index.children("h-0000000000000002");
    assert.deepEqual([others.length, gpu?.id], [0, "h-0000000000000002/GPU-0"]);
    assert.equal(index.row("h-0000000000000002/GPU-0"), gpu);
    assert.deepEqual([index.row("gone"), index.children("gone")], [undefined, []]);
  });

  it("draws at most once a second, and nothing while hidden", () => {
    let nowMs = 0;
    let load = 0;
    let due: { atMs: number; run: () => void } | null = null;
    const drawn: number[] = [];
    const feed = createRowFeed({
      rows: () => rows(load),
      onChange: () => drawn.push(nowMs),
      now: () => nowMs,
      after(ms, run) {
        const mine = { atMs: nowMs + ms, run };
        due = mine;
        return () => {
          if (due === mine) due = null;
        };
      },
    });
    const advanceTo = (ms: number) => {
      nowMs = ms;
      if (due !== null && due.atMs <= ms) {
        const { run } = due;
        due = null;
        run();
      }
    };
    feed.touch();
    assert.deepEqual(drawn, []);
    feed.setVisible(true);
    for (let ms = 100; ms <= 2_500; ms += 100) {
      advanceTo(ms);
      load += 1;
      feed.touch();
    }
    assert.deepEqual(drawn, [0, 1_000, 2_000]);
    feed.setVisible(false);
    load += 1;
    feed.touch();
    advanceTo(60_000);
    assert.deepEqual(drawn, [0, 1_000, 2_000]);
    feed.setVisible(true);
    assert.deepEqual(drawn, [0, 1_000, 2_000, 60_000]);
  });
});
