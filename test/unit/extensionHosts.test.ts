import assert from "node:assert/strict";
import { jobIdSchema, type HostId } from "../../protocol/ids.ts";
import { unowned } from "../../protocol/probe/processOwners.ts";
import type { GpuReading } from "../../protocol/reading.ts";
import type { HostRecord } from "../../protocol/host.ts";
import { parseHostAddress } from "../../protocol/hostAddress.ts";
import { problemOf } from "../../protocol/problem.ts";
import type { Contact } from "../../extension/core/contact.ts";
import { unknownFleet, withFleetData } from "../../extension/core/fleetState.ts";
import { sshTerminalArgs } from "../../extension/core/sshTerminalArgs.ts";
import { suggestHostName } from "../../extension/core/suggestHostName.ts";
import { treeRows, type TreeShape } from "../../extension/core/treeRows.ts";
import { gpuTooltip, processTooltip } from "../../extension/core/tooltips.ts";
import { jobNamesOf, processOf } from "../../extension/core/processRows.ts";
import { aGpu, aHost, aJob, aReading } from "../support/fleetRecords.ts";

const live: Contact = { kind: "live" };
const lost: Contact = { kind: "lost", sinceMs: 0, problem: problemOf("service-unreachable") };

const rtx = aHost();
const away = aHost({
  id: "h-0000000000000002" as HostId,
  name: "attic",
  reading: null,
  status: { kind: "unreachable", sinceMs: 0, code: "x", reason: "no route", lastSeenAtMs: null },
});
const local = aHost({
  id: "h-0000000000000003" as HostId,
  name: "laptop",
  connection: { kind: "local" },
  reading: aReading({ hostId: "h-0000000000000003", gpus: [] }),
});

function outline(hosts: HostRecord[], shape: Partial<TreeShape>, contact = live): string[] {
  const data = { kind: "fleet" as const, hosts, jobs: [], removedHostIds: [] };
  const fleet = withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
  const rows = treeRows(fleet, contact, 0, { groupBy: "none", filter: "", ...shape });
  const depth = new Map<string | null, number>([[null, 0]]);
  return rows.map(({ id, parentId, label }) => {
    const level = depth.get(parentId);
    assert.ok(level !== undefined, `${label} stands before its parent`);
    depth.set(id, level + 1);
    return `${"  ".repeat(level)}${label}`;
  });
}

describe("the Hosts view", () => {
  it("groups by status, those that need attention apart", () => {
    assert.deepEqual(outline([rtx, away, local], { groupBy: "status" }), [
      "Online",
      "  laptop",
      "  rtx-box",
      "    GPU 0",
      "Need attention",
      "  attic",
    ]);
  });

  it("does not call anything online without contact to the service", () => {
    const [group] = outline([rtx, away], { groupBy: "status" }, lost);
    assert.equal(group, "Not known without the service");
  });

  it("groups by how hosts are reached", () => {
    assert.deepEqual(outline([rtx, away, local], { groupBy: "source" }), [
      "The service's machine",
      "  laptop",
      "By SSH",
      "  attic",
      "  rtx-box",
      "    GPU 0",
    ]);
  });

  it("keeps hosts that have every word of the filter, whatever its case", () => {
    assert.deepEqual(outline([rtx, away, local], { filter: "3090 ONLINE" }), ["rtx-box", "  GPU 0"]);
    assert.deepEqual(outline([rtx, away, local], { filter: "route" }), ["attic"]);
    assert.deepEqual(outline([rtx, away, local], { filter: "nothing has this" }), []);
    assert.equal(outline([rtx, away, local], { filter: "  " }).length, 4);
  });

  it("shows the processes of a GPU, most memory first, and says when a figure is not known", () => {
    const gib = 1_073_741_824;
    const ours = jobIdSchema.parse("j-0000000000000001");
    const processes = [
      { ...unowned({ pid: 7, name: "/usr/bin/python3", memoryBytes: { value: gib } }), user: "ada\u001b" },
      { ...unowned({ pid: 9, name: "C:\\tools\\ollama.exe", memoryBytes: { value: 8 * gib } }) },
      { ...unowned({ pid: 8, name: "bad\u001b[31m\nname", memoryBytes: { unsupported: "denied" } }) },
      { ...unowned({ pid: 5, name: "python", memoryBytes: { value: 4 * gib } }), user: "lab", jobId: ours },
      {
        ...unowned({ pid: 6, name: "python", memoryBytes: { value: 2 * gib } }),
        jobId: jobIdSchema.parse("j-0000000000000002"),
      },
    ];
    const gpu = aGpu({ occupancy: { kind: "busy", processes } });
    const host = aHost({ reading: aReading({ gpus: [gpu] }) });
    const jobs = [aJob({ id: ours, script: "runs/train it.py" })];
    const data = { kind: "fleet" as const, hosts: [host], jobs, removedHostIds: [] };
    const fleet = withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
    const rows = treeRows(fleet, live, 0);
    assert.equal(rows[1]?.fold, "closed");
    assert.deepEqual(
      rows.slice(2).map(({ label, description }) => [label, description]),
      [
        ["ollama.exe", "8.0 GiB · pid 9"],
        ["python", "4.0 GiB · job train it.py · pid 5"],
        ["python", "2.0 GiB · a job of ours · pid 6"],
        ["python3", "1.0 GiB · ada? · pid 7"],
        ["bad?[31m?name", "this login may not read it · pid 8"],
      ],
    );
    assert.ok(rows.slice(2).every(({ parentId }) => parentId === rows[1]?.id));
    assert.deepEqual(
      rows.slice(2).map(({ icon }) => icon?.color === "charts.blue"),
      [false, true, true, false, false],
    );
    const known = [...fleet.hosts.values()][0]!;
    const startedAtMs = new Date(2026, 10, 26, 14, 30).getTime();
    const tooltip = (at: number) =>
      processTooltip(known, gpu, { ...processOf(known, gpu, rows[at]!.id)!, startedAtMs }, jobNamesOf(fleet));
    assert.match(tooltip(3), /\*\*python\*\* on RTX 3090 of rtx\\-box/);
    assert.match(tooltip(3), /User.*lab[^]*Job.*train it\\\.py, j\\-0000000000000001[^]*Since.*14:30/);
    assert.doesNotMatch(tooltip(2), /Job/);
    assert.equal(processOf(known, gpu, rows[1].id), null);
    assert.match(gpuTooltip(known, gpu, 0), /python3 \\\(7, ada/);
    assert.equal(outline([host], { filter: "lab" }).length > 0, true);
  });

  it("say to a screen reader in words what a GPU's row shows", () => {
    const said = (over: Partial<GpuReading>, contact: Contact = live) => {
      const host = aHost({ reading: aReading({ gpus: [aGpu(over)] }) });
      const data = { kind: "fleet" as const, hosts: [host], jobs: [], removedHostIds: [] };
      const fleet = withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
      return treeRows(fleet, contact, 185_000)[1]?.accessibilityLabel;
    };
    const figures = "37 percent load, 12 of 24 GiB memory, 62 degrees Celsius, 210 watts";
    assert.equal(said({}), `GPU 0, RTX 3090, on rtx-box, free, ${figures}`);
    assert.equal(said({ index: null }), `RTX 3090, on rtx-box, free, ${figures}`);
    assert.equal(said({}, lost), `GPU 0, RTX 3090, on rtx-box, no fresh reading, 3 min ago, ${figures}`);
    assert.equal(
      said({ memoryKind: "unified", powerW: { unsupported: "error" } }),
      "GPU 0, RTX 3090, on rtx-box, free, 37 percent load, unified memory, 62 degrees Celsius",
    );
    assert.equal(
      said({ utilizationPct: { unsupported: "fault" } }),
      "GPU 0, RTX 3090, on rtx-box, faulty, its figures cannot be read",
    );
  });

  it("draws a load as a bar that is empty at 0 and full at 100 only", () => {
    const bar = (pct: number) => {
      const host = aHost({ reading: aReading({ gpus: [aGpu({ utilizationPct: { value: pct } })] }) });
      const data = { kind: "fleet" as const, hosts: [host], jobs: [], removedHostIds: [] };
      const fleet = withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
      return treeRows(fleet, live, 0)[1]?.description.split(" ", 1)[0];
    };
    assert.deepEqual([0, 1, 37, 50, 99, 100, 140].map(bar), ["▁", "▂", "▄", "▅", "▇", "█", "█"]);
  });
});

describe("a new host", () => {
  it("is given the first free name that its address suggests", () => {
    assert.equal(suggestHostName("rig.example.org", new Set()), "rig");
    assert.equal(suggestHostName("rig", new Set(["rig", "rig-2"])), "rig-3");
    assert.equal(suggestHostName("192.0.2.7", new Set()), "192.0.2.7");
    assert.equal(suggestHostName("fe80::1%eth0", new Set()), "fe80-1-eth0");
    assert.equal(suggestHostName("::", new Set()), "host");
  });

  it("is read from what people type, and never taken for an option of ssh", () => {
    assert.deepEqual(parseHostAddress("ada@box:2222"), { alias: "box", user: "ada", port: 2222 });
    assert.deepEqual(parseHostAddress("[fe80::1]:22"), { alias: "fe80::1", port: 22 });
    for (const text of ["", "@box", "a b", "box:99999", "-oProxyCommand=x"])
      assert.ok("wrong" in parseHostAddress(text), text);
  });

  it("is reached by the system's ssh with what the fleet knows of it", () => {
    const connection = {
      kind: "ssh" as const,
      alias: "box",
      port: 2222,
      user: "ada",
      identityFile: "/k y",
      hostKey: null,
    };
    assert.deepEqual(sshTerminalArgs(connection), ["-p", "2222", "-l", "ada", "-i", "/k y", "--", "box"]);
  });
});
