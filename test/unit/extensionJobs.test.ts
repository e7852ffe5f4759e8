import assert from "node:assert/strict";
import type { HostId, JobId } from "../../protocol/ids.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { problemOf } from "../../protocol/problem.ts";
import type { Contact } from "../../extension/core/contact.ts";
import { unknownFleet, withFleetData, type FleetState } from "../../extension/core/fleetState.ts";
import { activeJobs, jobRows } from "../../extension/core/jobRows.ts";
import { jobTooltip } from "../../extension/core/jobTooltip.ts";
import { aHost, aJob } from "../support/fleetRecords.ts";

const live: Contact = { kind: "live" };
const minuteMs = 60_000;

function aFleet(...jobs: JobRecord[]): FleetState {
  const data = { kind: "fleet" as const, hosts: [], jobs, removedHostIds: [] };
  return withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
}

function job(number: number, over: Partial<JobRecord>): JobRecord {
  return aJob({ id: `j-${String(number).padStart(16, "0")}` as JobId, createdAtMs: number, ...over });
}

const ended = { state: "failed", exitCode: 3, startedAtMs: 0, endedAtMs: 12_000 } as const;
const exit3 = { ...ended, cause: { kind: "exited", code: 3 } } as const;

describe("the rows of the Jobs view", () => {
  it("are none when there is no job", () => {
    assert.deepEqual(jobRows(aFleet(), live, 0), []);
  });

  it("put what runs before what is done, each newest first", () => {
    const fleet = aFleet(
      job(1, exit3),
      job(2, { startedAtMs: 0 }),
      job(3, exit3),
      job(4, { startedAtMs: 0 }),
    );
    const rows = jobRows(fleet, live, 3 * minuteMs);
    assert.deepEqual(
      rows.map(({ label, parentId, id }) => (parentId === null ? label : Number(id.slice(2)))),
      ["Running", 4, 2, "Done", 3, 1],
    );
    assert.equal(activeJobs(fleet), 2);
  });

  it("say where a job runs and for how long, and how it ended and when", () => {
    const texts = (...jobs: JobRecord[]) =>
      jobRows(aFleet(...jobs), live, 3 * minuteMs)
        .filter(({ kind }) => kind === "job")
        .map(({ label, description, contextValue }) => [label, description, contextValue]);
    assert.deepEqual(texts(job(1, { script: "src/a.py", startedAtMs: 0 })), [
      ["a.py", "rtx-box · running for 3 min", "hwledger.job.active"],
    ]);
    assert.deepEqual(texts(job(1, { script: "a.py", startedAtMs: 3 * minuteMs - 9_000 })), [
      ["a.py", "rtx-box · running", "hwledger.job.active"],
    ]);
    const logStall = { sinceMs: minuteMs, atByte: 7, reason: "the disk is full" };
    assert.deepEqual(texts(job(1, { script: "a.py", logStall })), [
      ["a.py", "rtx-box · running, its log waits for 2 min", "hwledger.job.active"],
    ]);
    assert.deepEqual(texts(job(1, { script: "a.py", ...exit3 })), [
      ["a.py", "rtx-box · exit 3 after 12 s · 2 min ago", "hwledger.job.ended"],
    ]);
  });

  it("show a job without contact as that, and without the service as what may no longer be so", () => {
    const lost = { kind: "lost", sinceMs: 0, atByte: 7, reason: "cut" } as const;
    const fleet = aFleet(job(1, { contact: lost }), job(2, exit3));
    const [, row] = jobRows(fleet, live, minuteMs);
    assert.deepEqual(
      [row?.description, row?.icon?.codicon, row?.isStale],
      ["rtx-box · running, no contact for 1 min", "debug-disconnect", false],
    );
    const problem = problemOf("service-unreachable", { url: "x", reason: "gone" });
    const away = jobRows(fleet, { kind: "lost", sinceMs: 0, problem }, minuteMs);
    assert.deepEqual(
      away.filter(({ kind }) => kind === "job").map(({ isStale }) => isStale),
      [true, false],
    );
    const old = aFleet(job(3, { startedAtMs: 0 }));
    const [, later] = jobRows(old, { kind: "lost", sinceMs: minuteMs, problem }, 51 * minuteMs);
    assert.equal(later?.description, "rtx-box · was running 50 min ago");
  });

  it("stand below their hosts, in the order of the hosts, when grouped so", () => {
    const [big, gone] = ["h-0000000000000002", "h-0000000000000003"] as HostId[];
    const jobs = [
      job(1, exit3),
      job(2, { startedAtMs: 0 }),
      job(3, { ...exit3, hostId: big!, host: "big" }),
      job(4, { ...exit3, hostId: gone!, host: "rented" }),
    ];
    const hosts = [aHost(), aHost({ id: big!, name: "big" })];
    const data = { kind: "fleet" as const, hosts, jobs, removedHostIds: [] };
    const fleet = withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
    const rows = jobRows(fleet, live, 2 * minuteMs, "host");
    assert.deepEqual(
      rows.map(({ label, description, kind }) => [kind, label, description]),
      [
        ["group", "big", "1 done"],
        ["job", "train.py", "exit 3 after 12 s · 1 min ago"],
        ["group", "rtx-box", "1 running · 1 done"],
        ["job", "train.py", "running for 2 min"],
        ["job", "train.py", "exit 3 after 12 s · 1 min ago"],
        ["group", "rented", "1 done · no longer in the fleet"],
        ["job", "train.py", "exit 3 after 12 s · 1 min ago"],
      ],
    );
    assert.equal(rows.find(({ label }) => label === "big")?.id, rows[1]?.parentId);
  });

  it("tell all of a job, hostile names as words, in the tooltip", () => {
    const text = jobTooltip(job(1, { script: "[x](command:y).py", logBytes: 42, ...exit3 }), 0);
    assert.ok(text.includes("\\[x\\]\\(command:y\\)\\.py"), text);
    assert.match(text, /Log \| 42 B, broken off/);
    assert.match(jobTooltip(job(1, { ...exit3, logComplete: true }), 0), /Log \| .*, complete/);
  });
});
