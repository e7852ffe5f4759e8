import assert from "node:assert/strict";
import type { HostId } from "../../protocol/ids.ts";
import type { GpuReading, HostReading } from "../../protocol/reading.ts";
import { problemOf } from "../../protocol/problem.ts";
import { memberNameSchema } from "../../protocol/ids.ts";
import { choicesInPlace, placed } from "../../extension/core/choicesInPlace.ts";
import { connectionMessage } from "../../extension/core/connectionMessage.ts";
import { nextContact, type Contact } from "../../extension/core/contact.ts";
import { formatAge, formatBytes, formatRate, parseRate } from "../../extension/core/figures.ts";
import { unknownFleet, withFleetData, type FleetState } from "../../extension/core/fleetState.ts";
import { memberName } from "../../extension/core/memberName.ts";
import { problemText } from "../../extension/core/problemText.ts";
import { rankHosts } from "../../extension/core/rankHosts.ts";
import type { Prompt } from "../../protocol/prompt.ts";
import { statusBarText } from "../../extension/core/statusBarText.ts";
import { Refusal } from "../../protocol/problem.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";

const GiB = 1_073_741_824;
const live: Contact = { kind: "live" };
const busy: GpuReading["occupancy"] = { kind: "busy", processes: [] };

function aFleet(): FleetState {
  const host = (n: number, name: string, gpus: ReturnType<typeof aGpu>[], over = {}) => {
    const id = `h-000000000000000${n}` as HostId;
    return aHost({ id, name, reading: aReading({ hostId: id, gpus }), ...over });
  };
  const hosts = [
    host(1, "asleep", [aGpu()], { status: { kind: "offline", lastSeenAtMs: 0, silentMs: 180_000 } }),
    host(2, "cpu-box", []),
    host(3, "full", [aGpu({ occupancy: busy })]),
    host(4, "small", [aGpu({ memoryUsedBytes: { value: 20 * GiB } })], { rateMicroUsdPerHour: 100_000 }),
    host(5, "large", [aGpu({ uuid: "a" }), aGpu({ uuid: "b", memoryUsedBytes: { value: 0 } })], {
      rateMicroUsdPerHour: 440_000,
    }),
  ];
  const data = { kind: "fleet" as const, hosts, jobs: [], removedHostIds: [] };
  return withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
}

describe("the pick list of hosts", () => {
  it("keeps every host in its place while it is open, whatever becomes of it", () => {
    const shown = placed(rankHosts(aFleet(), live, 0));
    const [large, small, full, ...others] = shown;
    const busyNow = { ...large!, fit: "possible" as const, description: "online · 0 of 2 GPUs free" };
    const added = { ...full!, hostId: "h-0000000000000009" as HostId, name: "new", fit: "ready" as const };
    const next = choicesInPlace(shown, [added, small!, busyNow, ...others]);
    assert.deepEqual(
      next.map(({ name, section, fit, description }) => [name, section, fit, description]),
      [
        ["large", "ready", "possible", "online · 0 of 2 GPUs free"],
        ["small", "ready", "ready", small!.description],
        ["full", "possible", "doubtful", "no longer in the fleet"],
        ...others.map(({ name, fit, description }) => [name, fit, fit, description]),
        ["new", "new", "ready", added.description],
      ],
    );
  });

  it("puts the most free memory first and hosts that do not answer last, each with its why", () => {
    const choices = rankHosts(aFleet(), live, 0);
    assert.deepEqual(
      choices.map(({ name, fit, description, detail }) => [name, fit, description, detail]),
      [
        [
          "large",
          "ready",
          "online · 2 of 2 GPUs free · $0.44/h",
          "2 × RTX 3090: up to 24.0 GiB free each · GPU load 37 %",
        ],
        ["small", "ready", "online · 1 of 1 GPU free · $0.10/h", "RTX 3090: 4.0 GiB free · GPU load 37 %"],
        [
          "full",
          "possible",
          "online · 0 of 1 GPU free · no rate set",
          "RTX 3090: all in use · GPU load 37 %",
        ],
        ["cpu-box", "possible", "online · no GPU · no rate set", "runs on the CPU · CPU load 5 %"],
        ["asleep", "doubtful", "offline, seen 3 min ago · no rate set", "RTX 3090 when last seen"],
      ],
    );
  });

  it("does not call an unknown GPU free", () => {
    const gpu = aGpu({ occupancy: { kind: "unknown", reason: "denied" } });
    const data = {
      kind: "fleet" as const,
      hosts: [aHost({ reading: aReading({ gpus: [gpu] }) })],
      jobs: [],
      removedHostIds: [],
    };
    const fleet = withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
    const [choice] = rankHosts(fleet, live, 0);
    const why = "RTX 3090: whether it is free is not known · GPU load 37 %";
    assert.deepEqual([choice?.fit, choice?.detail], ["possible", why]);
  });
});

describe("a host that does not answer, in the pick list", () => {
  it("is in a few words beside its name, with the whole reason below", () => {
    const reason = "connection refused: nobody listens.";
    const reading = aReading({ gpus: [] });
    const hosts = [
      aHost({
        reading,
        status: { kind: "unreachable", sinceMs: 0, code: "host-unreachable", lastSeenAtMs: 0, reason },
      }),
    ];
    const data = { kind: "fleet" as const, hosts, jobs: [], removedHostIds: [] };
    const [choice] = rankHosts(withFleetData(unknownFleet, data, { whole: true, nowMs: 0 }), live, 0);
    assert.equal(choice?.description, "unreachable · no rate set");
    assert.equal(choice.detail, "connection refused: nobody listens · no GPU when last seen");
  });
});

describe("the load in the pick list", () => {
  const detailOf = (reading: Partial<HostReading>) => {
    const data = {
      kind: "fleet" as const,
      hosts: [aHost({ reading: aReading(reading) })],
      jobs: [],
      removedHostIds: [],
    };
    return rankHosts(withFleetData(unknownFleet, data, { whole: true, nowMs: 0 }), live, 0)[0]?.detail ?? "";
  };
  const unknown = { unsupported: "not-supported" } as const;

  it("is the mean of the GPUs that tell theirs, and never a figure where none does", () => {
    const silent = aGpu({ uuid: "b", utilizationPct: unknown });
    assert.match(detailOf({ gpus: [aGpu(), silent] }), / · GPU load 37 % where known$/);
    assert.match(detailOf({ gpus: [silent] }), / · GPU load not known$/);
    assert.match(detailOf({ gpus: [], cpuPct: unknown }), / · CPU load not known$/);
  });
});

describe("the status bar", () => {
  it("counts the GPUs of hosts that are online, their mean load and rate", () => {
    assert.equal(statusBarText(aFleet(), live, 0).text, "$(chip) 1/4 GPUs · 37 % · $0.54/h");
  });

  it("is red when only a person can go on, says for which host, and leads there", () => {
    const status = { kind: "needs-login" as const, sinceMs: 0, reason: "passphrase" };
    const data = { kind: "fleet" as const, hosts: [aHost({ status })], jobs: [], removedHostIds: [] };
    const fleet = withFleetData(unknownFleet, data, { whole: true, nowMs: 0 });
    const bar = statusBarText(fleet, live, 0);
    assert.deepEqual([bar.tone, bar.click, bar.lines[0]], ["error", "hosts", "rtx-box needs you to log in"]);
    const prompt = { host: "rtx-box" } as Prompt;
    const asked = statusBarText(fleet, live, 0, [prompt]);
    assert.deepEqual([asked.lines[0], asked.click], ["rtx-box waits for an answer", "answer"]);
    assert.equal(
      statusBarText(fleet, live, 0, [], "elsewhere", false, false).tone,
      "normal",
      "nobody who may",
    );
    const changed = { kind: "unreachable" as const, sinceMs: 0, reason: "", lastSeenAtMs: null };
    const barOf = (code: string) => {
      const hosts = [aHost({ status: { ...changed, code } })];
      const away = withFleetData(unknownFleet, { ...data, hosts }, { whole: true, nowMs: 0 });
      return statusBarText(away, live, 0);
    };
    assert.deepEqual(
      [barOf("host-key-changed").tone, barOf("host-key-changed").lines[0]],
      ["error", "rtx-box shows another key than before"],
    );
    assert.equal(barOf("host-unreachable").tone, "normal");
    const broken = statusBarText(aFleet(), live, 0, [], "elsewhere", true);
    assert.deepEqual([broken.tone, broken.click], ["error", "ledger"]);
    const fine = statusBarText(aFleet(), live, 0);
    assert.deepEqual([fine.tone, fine.click], ["normal", "dashboard"]);
  });

  it("shows no figures without contact, and says why", () => {
    const problem = problemOf("service-unreachable", { url: "https://x:1", reason: "nothing listens there" });
    const bar = statusBarText(aFleet(), { kind: "lost", sinceMs: 0, problem }, 65_000);
    assert.equal(bar.text, "$(debug-disconnect) hwLedger: not connected");
    assert.match(bar.lines.join(" "), /for 1 min.*nothing listens there/);
    assert.equal(bar.click, "reconnect");
    const refused = problemOf("certificate-refused", { reason: "It was revoked." });
    assert.equal(statusBarText(aFleet(), { kind: "refused", sinceMs: 0, problem: refused }, 0).click, "join");
  });
});

describe("contact with the service", () => {
  const error = new Refusal("service-unreachable", { url: "https://x:1", reason: "nothing listens there" });

  it("stays lost, since the same moment, while it is tried again", () => {
    const lost = nextContact(live, { kind: "waiting", retryAtMs: 1, error }, 100);
    assert.equal(lost.kind, "lost");
    assert.equal(nextContact(lost, { kind: "connecting" }, 200), lost);
    const later = nextContact(lost, { kind: "waiting", retryAtMs: 9, error }, 300);
    assert.equal(later.kind === "lost" && later.sinceMs, 100);
    assert.equal(nextContact(later, { kind: "connected" }, 400).kind, "live");
  });

  it("has a sentence with the reason and the next step", () => {
    const lost = nextContact(live, { kind: "waiting", retryAtMs: 1, error }, 100);
    const text = connectionMessage(aFleet(), lost) ?? "";
    assert.match(
      text,
      /^Not connected: .*nothing listens there.*Trying again.*whether the fleet's service runs/,
    );
    assert.match(
      connectionMessage(aFleet(), lost, "here") ?? "",
      /on this machine does not answer\. To start it, choose .* or click the status bar/,
    );
    assert.equal(connectionMessage(aFleet(), live), null);
  });
});

describe("figures for people", () => {
  it("read and write rates to the micro-dollar", () => {
    const read: [string, number | null | undefined][] = [
      ["0.44", 440_000],
      ["$ 2.10/h", 2_100_000],
      ["0,000001", 1],
      ["3", 3_000_000],
      ["  ", null],
      ["-1", undefined],
      ["1.2.3", undefined],
      ["1e3", undefined],
    ];
    for (const [text, micro] of read) assert.equal(parseRate(text), micro, text);
    assert.equal(formatRate(1), "$0.000001/h");
    assert.equal(formatRate(0), "$0.00/h");
  });

  it("write sizes and ages", () => {
    assert.deepEqual([812, 1_024, 1_048_575, 12 * GiB].map(formatBytes), [
      "812 B",
      "1.0 KiB",
      "1.0 MiB",
      "12.0 GiB",
    ]);
    const ages = [3_000, 47_000, 200_000, 7_300_000, 400_000_000].map(formatAge);
    assert.deepEqual(ages, ["moments", "40 s", "3 min", "2 h", "4 d"]);
  });

  it("make member names that the service takes", () => {
    for (const [user, machine] of [
      ["ada", "laptop.lan"],
      ["Zoë B.", ""],
      ["_", "-"],
      ["x".repeat(90), "y"],
    ] as const)
      assert.ok(memberNameSchema.safeParse(memberName(user, machine)).success, `${user} ${machine}`);
    assert.equal(memberName("ada", "laptop.lan"), "ada-laptop");
  });

  it("let no link through in a problem", () => {
    const text = problemText({ code: "c", title: "T", detail: "[x](command:y)", next: "N" });
    assert.equal(text, "T. [x] (command:y) N");
  });
});
