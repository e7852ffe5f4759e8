import assert from "node:assert/strict";
import { jobIdSchema, type HostId } from "../../protocol/ids.ts";
import { unowned } from "../../protocol/probe/processOwners.ts";
import { notStarted } from "../../service/cli/notStarted.ts";
import { hostListText } from "../../service/cli/render/hostListText.ts";
import { hostText, occupancyText } from "../../service/cli/render/hostText.ts";
import { jobListText, jobText } from "../../service/cli/render/jobText.ts";
import { eventText } from "../../service/cli/render/ledgerText.ts";
import { renderTable, visibleLength } from "../../service/cli/render/table.ts";
import { styleFor } from "../../service/cli/terminal.ts";
import { aGpu, aHost, aJob, aReading } from "../support/fleetRecords.ts";

const plain = styleFor({ isTTY: false }, {});
const nowMs = 2_000;

describe("a table", () => {
  it("gives a row that ends early in words no say in the columns' widths", () => {
    const columns = [{ title: "A" }, { title: "B" }, { title: "C" }];
    const rows = [
      ["1", "2", "3"],
      ["4", "words that go on and on"],
    ];
    assert.equal(renderTable(columns, rows), "A  B  C\n1  2  3\n4  words that go on and on");
  });
});

describe("the table of hosts", () => {
  it("says that memory is unified, and which GPUs could not be read", () => {
    const unified = { unsupported: "unified" } as const;
    const gb10 = aGpu({
      name: "NVIDIA GB10",
      memoryKind: "unified",
      memoryUsedBytes: unified,
      memoryTotalBytes: unified,
    });
    const gpuProblem = { code: "gpu-lost", detail: "Unable to determine the device handle" };
    const hosts = [
      aHost({ name: "spark", reading: aReading({ gpus: [gb10] }) }),
      aHost({ id: "h-2" as HostId, name: "worn", reading: aReading({ gpuProblem }) }),
    ];
    assert.equal(
      hostListText(hosts, nowMs, plain),
      [
        "HOST   STATUS  RATE  CPU  GPU               UTIL         MEMORY   TEMP  POWER  USE",
        "spark  online     –  5 %  GB10              37 %        unified  62 °C  210 W  free",
        "worn   online     –  5 %  GeForce RTX 3090  37 %  11.8/24.0 GiB  62 °C  210 W  free",
        "                          unknown: gpu-lost",
      ].join("\n"),
    );
  });

  it("does not call a host offline that nobody reads", () => {
    const status = { kind: "offline", lastSeenAtMs: 0, silentMs: nowMs } as const;
    const host = aHost({ probe: "off", status });
    assert.match(hostListText([host], nowMs, plain), /\nrtx-box {2}not probed /);
    assert.match(hostText(host, nowMs, plain), /not probed: `hwledger host set rtx-box --probe on` reads/);
  });

  it("tells a changed key and a refused login from a host that is down", () => {
    const words = ["host-key-changed", "host-login-refused", "host-unreachable"].map((code) => {
      const status = { kind: "unreachable", sinceMs: 0, code, reason: "…", lastSeenAtMs: null } as const;
      return hostListText([aHost({ status, reading: null })], nowMs, plain)
        .split("\n")[1]
        ?.slice(9, 31)
        .trim();
    });
    assert.deepEqual(
      words,
      ["host key CHANGED for 2 s", "login refused for 2 s", "unreachable for 2 s"].map((text) =>
        text.slice(0, 22),
      ),
    );
  });

  it("cuts long names where the terminal is too narrow, and only there", () => {
    const name = "a-very-long-host-name-that-goes-on-and-on-for-ever";
    const hosts = [aHost({ name })];
    assert.ok(hostListText(hosts, nowMs, plain).includes(name));
    const narrow = hostListText(hosts, nowMs, plain, { columns: 110 });
    assert.ok(narrow.includes("a-very-long-host-na…  online"));
    assert.ok(narrow.split("\n").every((line) => visibleLength(line) <= 110));
  });
});

describe("texts about jobs and events", () => {
  it("tell a job that never ran from one that failed", () => {
    const cause = { kind: "not-started", code: "host-unreachable", title: "T", detail: "D" } as const;
    const job = aJob({ state: "failed", cause, startedAtMs: null });
    assert.match(jobListText([job], nowMs, plain), / failed, never ran /);
  });

  it("say once who cancelled a job", () => {
    const job = aJob({ state: "cancelled", cause: { kind: "cancelled", by: "user/ada" } });
    assert.match(jobText(job, nowMs, plain), /^state +cancelled by ada$/m);
  });

  it("give the next step for a changed key though the record keeps no fingerprint apart", () => {
    const cause = { kind: "not-started", code: "host-key-changed", title: "T", detail: "D" } as const;
    const problem = notStarted(aJob({ state: "failed", cause }));
    assert.match(problem?.next ?? "", /`hwledger host rm rtx-box` .* --host-key SHA256:…/);
  });

  it("fit an event into the terminal's width", () => {
    const event = {
      seq: 7,
      atMs: 0,
      schema: 1,
      type: "job.succeeded",
      actor: "service",
      payload: { jobId: "j-0000000000000001", logSha256: "0".repeat(64) },
      prev: "0".repeat(64),
      hash: "0".repeat(64),
    } as unknown as Parameters<typeof eventText>[0];
    assert.equal(visibleLength(eventText(event, plain, 100)), 100);
    assert.ok(visibleLength(eventText(event, plain)) > 100);
  });
});

describe("host ls on a narrow terminal", () => {
  const nowMs = 600_000;
  const busy = aGpu({
    name: "NVIDIA H100 80GB HBM3",
    atMs: nowMs,
    occupancy: {
      kind: "busy",
      processes: [1, 2].map((pid) => unowned({ pid, name: "python", memoryBytes: { value: 1 } })),
    },
  });
  const hosts = [
    aHost({
      name: "h100-node-in-the-cellar",
      rateMicroUsdPerHour: 12_290_000,
      status: { kind: "online", lastSeenAtMs: nowMs },
      reading: aReading({ atMs: nowMs, gpus: [busy, { ...busy, occupancy: { kind: "free" } }] }),
    }),
    aHost({
      id: "h-2" as HostId,
      name: "gone",
      status: { kind: "offline", lastSeenAtMs: 1_000, silentMs: 599_000 },
    }),
  ];

  for (const columns of [60, 80, 100, 120])
    it(`keeps who is free and fits into ${columns} columns`, () => {
      const lines = hostListText(hosts, nowMs, plain, { columns, bars: true }).split("\n");
      assert.ok(
        lines.every((line) => line.length <= columns),
        lines.join("\n"),
      );
      assert.match(lines[0]!, /USE$/);
      assert.match(lines[1]!, /busy \(2 proc\.\)$/);
      assert.match(lines[2]!, /free$/);
    });

  it("says who uses a GPU where that is known, as far as there is room", () => {
    const use = (...users: (string | null)[]) =>
      occupancyText(
        aGpu({
          occupancy: {
            kind: "busy",
            processes: users.map((user, pid) => ({
              ...unowned({ pid, name: "python", memoryBytes: { value: 1 } }),
              user,
              jobId: user === "us" ? jobIdSchema.parse("j-0000000000000001") : null,
            })),
          },
        }),
      );
    assert.equal(use("ada", "ada"), "busy (ada)");
    assert.equal(use("ada", "us", null), "busy (ours, ada)");
    assert.equal(use("ada", "bob", "eve", "us"), "busy (ours, ada +2)");
    assert.equal(use(null), "busy (1 proc.)");
    assert.equal(use("a-very-long-login\u001b").length <= "busy (a-very-long…)".length, true);
  });

  it("shortens a long status before it leaves anything out", () => {
    const head = hostListText(hosts, nowMs, plain, { columns: 125 }).split("\n");
    assert.match(head[3]!, /^gone +offline 9 min .* read 9 min ago$/);
    assert.match(head[0]!, /RATE +CPU .* TEMP +POWER +USE$/);
  });
});
