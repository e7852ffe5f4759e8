import assert from "node:assert/strict";
import { alertSettings, type AlertSettings } from "../../extension/core/alertSettings.ts";
import { alertText } from "../../extension/core/alertText.ts";
import { decideAlerts, noAlerts, type Notice } from "../../extension/core/decideAlerts.ts";
import type { KnownHost } from "../../extension/core/fleetState.ts";
import type { HostRecord, HostStatus } from "../../protocol/host.ts";
import type { HostId } from "../../protocol/ids.ts";
import type { GpuReading, HostReading } from "../../protocol/reading.ts";
import { aGpu, aHost, aReading } from "../support/fleetRecords.ts";

const usual = alertSettings(() => undefined);
const GiB = 1_073_741_824;

type Told = Partial<HostReading> & { gpu?: Partial<GpuReading>; status?: HostStatus["kind"]; probe?: "off" };

function statusOf(kind: HostStatus["kind"], nowMs: number): HostStatus {
  switch (kind) {
    case "never":
      return { kind };
    case "online":
      return { kind, lastSeenAtMs: nowMs };
    case "late":
    case "offline":
      return { kind, lastSeenAtMs: 0, silentMs: nowMs };
    case "unreachable":
      return { kind, sinceMs: nowMs, code: "host-unreachable", reason: "no route to it.", lastSeenAtMs: 0 };
    case "needs-login":
      return { kind, sinceMs: nowMs, reason: "a passphrase" };
  }
}

/** A window that looks every five seconds at what its fleet's service tells of hosts, and what it told a person. */
class Window {
  nowMs = 1_000_000;
  isLive = true;
  settings: AlertSettings = { ...usual };
  readonly hosts = new Map<string, KnownHost>();
  readonly told: string[] = [];
  #state = noAlerts;

  /** The service tells of a host. */
  says(name: string, { gpu, status = "online", probe, ...over }: Told = {}): this {
    const id = `h-${name}` as HostId;
    const gpus = [aGpu({ uuid: `${name}-0`, ...gpu })];
    const read = status === "online" ? { atMs: this.nowMs, gpus, ...over } : this.hosts.get(name)?.reading;
    const reading = aReading({ ...read, hostId: id });
    const record: HostRecord = aHost({ id, name, status: statusOf(status, this.nowMs), reading });
    this.hosts.set(name, { record: probe ? { ...record, probe } : record, reading, heardAtMs: this.nowMs });
    return this;
  }

  /** Time passes, with looks. */
  passes(ms: number): this {
    for (let left = ms; left > 0; left -= 5_000) {
      this.nowMs += 5_000;
      this.look();
    }
    return this;
  }

  look(): Notice[] {
    const decided = decideAlerts(
      this.#state,
      { hosts: [...this.hosts.values()], isLive: this.isLive, nowMs: this.nowMs },
      this.settings,
    );
    this.#state = decided.state;
    this.told.push(...decided.notices.map(alertText));
    return decided.notices;
  }
}

/** A window that has seen these hosts online. */
function aWindow(...names: string[]): Window {
  const window = new Window();
  window.look();
  for (const name of names) window.says(name);
  window.look();
  return window;
}

describe("alerts about hosts", () => {
  for (const status of ["offline", "unreachable"] as const)
    it(`tell once that one was lost, ${status}, and that it is back`, () => {
      const window = aWindow("box").says("box", { status }).passes(10_000);
      assert.deepEqual(window.told, [], "a short cut is none");
      window.passes(300_000).says("box").passes(60_000);
      const why = status === "offline" ? "it does not answer any more" : "no route to it";
      assert.deepEqual(window.told, [`box was lost: ${why}.`, "box is back."]);
      assert.deepEqual(window.says("box", { status }).passes(30_000).told.length, 3, "and again");
    });

  for (const status of ["late", "never", "needs-login"] as const)
    it(`do not call one lost that is ${status}`, () => {
      assert.deepEqual(aWindow("box").says("box", { status }).passes(300_000).told, []);
    });

  it("pass over one that comes again at once, and does not talk of its return", () => {
    const window = aWindow("box").says("box", { status: "unreachable" }).passes(10_000).says("box");
    assert.deepEqual(window.passes(120_000).told, []);
  });

  it("pass over one that was away at first, that is new, or that is left alone", () => {
    const window = aWindow().says("box", { status: "offline" }).passes(60_000).says("box").passes(60_000);
    window.says("box", { status: "offline", probe: "off" }).passes(60_000);
    assert.deepEqual(window.told, []);
    assert.deepEqual(aWindow().says("new").passes(60_000).told, []);
  });

  it("tell of several in one notification", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const window = aWindow(...names);
    for (const name of names) window.says(name, { status: "unreachable" });
    assert.deepEqual(window.passes(60_000).told, ["7 hosts were lost: a, b, c, d, e and 2 more."]);
  });

  it("gather those that follow each other for half a minute", () => {
    const window = aWindow("a", "b", "c").says("a", { status: "offline" }).passes(15_000);
    window.says("b", { status: "offline" }).passes(5_000).says("c", { status: "offline" }).passes(60_000);
    assert.equal(window.told.length, 2);
    assert.equal(window.told[1], "2 hosts were lost: b, c.");
  });

  it("say nothing of what happened while the service was away", () => {
    const window = aWindow("box");
    window.isLive = false;
    window.passes(5_000);
    window.isLive = true;
    window.passes(5_000);
    assert.deepEqual(window.told, []);
    window.says("box", { status: "never" }).passes(20_000).says("box", { status: "unreachable" });
    assert.deepEqual(window.passes(120_000).told, []);
    window.says("box").passes(5_000).says("box", { status: "unreachable" }).passes(60_000);
    assert.equal(window.told.length, 1, "but of what happens afterwards");
  });

  it("say nothing of hosts that went while this machine slept", () => {
    const window = aWindow("box");
    window.nowMs += 3_600_000;
    window.look();
    window.says("box", { status: "unreachable" }).passes(300_000);
    assert.deepEqual(window.told, []);
    window.says("box").passes(300_000).says("box", { status: "unreachable" }).passes(60_000);
    assert.equal(window.told.length, 1);
  });

  it("keep the pause between two of a host that a person wants", () => {
    const toldWith = (pauseMs: number): number => {
      const window = aWindow("box");
      window.settings = { ...usual, pauseMs };
      for (let turn = 0; turn < 20; turn += 1)
        window.says("box", { status: turn % 2 === 0 ? "unreachable" : "online" }).passes(20_000);
      return window.told.length;
    };
    assert.ok(toldWith(30_000) > toldWith(60_000));
    assert.ok(toldWith(120_000) < toldWith(60_000));
  });

  it("are at most one a minute for each host", () => {
    const window = aWindow("box");
    for (let turn = 0; turn < 20; turn += 1)
      window.says("box", { status: turn % 2 === 0 ? "unreachable" : "online" }).passes(20_000);
    assert.ok(window.told.length <= 7, `${window.told.length} in 400 s`);
    assert.ok(window.told.length >= 4);
  });

  it("are off where a person has switched them off", () => {
    const window = aWindow("box");
    window.settings = { ...usual, isHostLostTold: false };
    assert.deepEqual(
      window.says("box", { status: "offline" }).passes(60_000).says("box").passes(60_000).told,
      [],
    );
  });
});

describe("alerts about GPUs", () => {
  const reads = (window: Window, temperatures: readonly number[]) => {
    for (const value of temperatures) window.says("box", { gpu: { temperatureC: { value } } }).passes(15_000);
    return window.told;
  };
  const hot = "box is too hot: GPU 0 (RTX 3090) is at 95 °C.";

  for (const [what, temperatures, told] of [
    ["that stays hot, once", [60, 95, 95, 95, 95, 95, 95], [hot]],
    ["that is as hot as the limit", [90, 90], ["box is too hot: GPU 0 (RTX 3090) is at 90 °C."]],
    ["that was hot for a moment, never", [60, 95, 60, 95, 60], []],
    ["that wavers about the limit, once", [95, 95, 89, 95, 88, 95, 95], [hot]],
    ["that has cooled down in between, again", [95, 95, 60, 60, 60, 95, 95], [hot, hot]],
  ] as const)
    it(`tell of one ${what}`, () => assert.deepEqual(reads(aWindow("box"), temperatures), told));

  it("tell of heat as long as it lasts by the readings, not by how often one looks", () => {
    const window = aWindow("box").says("box", { gpu: { temperatureC: { value: 95 } } });
    assert.deepEqual(window.passes(300_000).told, []);
  });

  it("do not forget heat that could not be read once", () => {
    const window = aWindow("box");
    reads(window, [95, 95]);
    window.says("box", { gpu: { temperatureC: { unsupported: "error" } } }).passes(60_000);
    assert.deepEqual(reads(window, [95, 95]), [hot]);
  });

  it("have the limit that a person has set, and none at 0", () => {
    const window = aWindow("box");
    window.settings = alertSettings((id) => (id.endsWith("temperatureCelsius") ? 0 : undefined));
    assert.deepEqual(reads(window, [140, 140, 140]), []);
    window.settings = alertSettings((id) => (id.endsWith("temperatureCelsius") ? 50 : undefined));
    assert.equal(reads(window, [60, 60, 60]).length, 1);
  });

  const gpuProblem = { code: "gpu-lost", detail: "GPU is lost. Reboot the system" };

  it("tell of a fault that appears, once, and again after it was gone", () => {
    const window = aWindow("box").says("box").passes(15_000);
    const broken = { gpuProblem, gpu: { temperatureC: { unsupported: "fault" } } } as const;
    const fault = "GPU 0 (RTX 3090) on box is in fault: GPU is lost. Reboot the system";
    for (let turn = 0; turn < 6; turn += 1) window.says("box", broken).passes(15_000);
    assert.deepEqual(window.told, [fault]);
    window.says("box").passes(60_000);
    for (let turn = 0; turn < 2; turn += 1) window.says("box", broken).passes(15_000);
    assert.deepEqual(window.told, [fault, fault]);
  });

  it("tell of what keeps GPUs from being read, in the tool's words made harmless", () => {
    const window = aWindow("box");
    const gone = { gpus: [], gpuProblem: { code: "driver-not-loaded", detail: "no\u202e driver" } };
    for (let turn = 0; turn < 3; turn += 1) window.says("box", gone).passes(15_000);
    assert.deepEqual(window.told, ["box has a problem with its GPUs: no? driver"]);
  });

  for (const code of ["gpu-asleep", "tool-message", "unknown-field"])
    it(`do not take ${code} for a fault`, () => {
      const window = aWindow("box");
      const said = { gpuProblem: { code, detail: "" } };
      for (let turn = 0; turn < 3; turn += 1) window.says("box", said).passes(15_000);
      assert.deepEqual(window.told, []);
    });

  it("say nothing of a fault that was there at first, nor of a host that is not online", () => {
    const window = new Window();
    window.look();
    for (let turn = 0; turn < 3; turn += 1) window.says("box", { gpuProblem }).passes(15_000);
    assert.deepEqual(window.told, []);
  });

  const filled = (...pids: number[]): Told => ({
    gpu: {
      memoryUsedBytes: { value: 23.5 * GiB },
      occupancy: {
        kind: "busy",
        processes: pids.map((pid) => ({
          pid,
          name: "python",
          memoryBytes: { value: 1 },
          user: null,
          jobId: null,
          startedAtMs: null,
        })),
      },
    },
  });

  it("say nothing of full memory unless a person wants it", () => {
    assert.deepEqual(aWindow("box").says("box", filled(1)).passes(60_000).told, []);
  });

  it("tell of full memory once for the processes that fill it", () => {
    const window = aWindow("box");
    window.settings = { ...usual, fullAtPct: 95 };
    window.says("box", filled(1)).passes(60_000).says("box", filled(1)).passes(60_000);
    const full = "GPU memory on box is running out: GPU 0 (RTX 3090) is 97 % full.";
    assert.deepEqual(window.told, [full]);
    window.says("box", filled(1, 2)).passes(60_000).says("box", filled(2, 1)).passes(60_000);
    assert.deepEqual(window.told, [full, full]);
  });

  it("tell of what matters most first, and of the rest a minute later", () => {
    const window = aWindow("box").says("box").passes(15_000);
    const gpus = [aGpu({ uuid: "box-0", temperatureC: { value: 95 } })];
    for (let turn = 0; turn < 8; turn += 1)
      window.says("box", { gpuProblem: { code: "gpu-requires-reset", detail: "x" }, gpus }).passes(15_000);
    assert.deepEqual(window.told, ["box has a problem with its GPUs: x", hot]);
  });
});

describe("the settings of alerts", () => {
  it("are the declared defaults where somebody wrote anything else", () => {
    assert.deepEqual(usual, {
      isHostLostTold: true,
      isFaultTold: true,
      hotAtC: 90,
      hotForMs: 10_000,
      fullAtPct: null,
      pauseMs: 60_000,
    });
    for (const value of ["x", null, -1, {}, Number.NaN])
      assert.deepEqual(
        alertSettings(() => value),
        usual,
      );
  });

  it("switch all off at once", () => {
    const off = alertSettings((id) => (id.endsWith("enabled") ? false : undefined));
    assert.deepEqual(Object.values(off), [false, false, null, 0, null, 0]);
  });
});
