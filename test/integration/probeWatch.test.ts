import assert from "node:assert/strict";
import { Refusal } from "../../protocol/problem.ts";
import { aProber, aProbeSandbox, localTarget, until, type ProbeSandbox } from "./probeSandbox.ts";

const host = localTarget.id;

describe("probe of a host", () => {
  let sandbox: ProbeSandbox;
  afterEach(() => sandbox.end());

  it("shows changed figures within a tick, one reading per second", async () => {
    sandbox = aProbeSandbox({ gpus: "rtx-box" });
    const { readings, reading } = sandbox.watch();
    await reading("a reading", () => true);
    const uuid = sandbox.gpuFiles.read()[0]?.uuid ?? "";
    sandbox.gpuFiles.update(uuid, { "utilization.gpu": "93" });
    const changedAtMs = Date.now();
    await reading(
      "93 %",
      ({ gpus: [gpu] }) =>
        gpu !== undefined && "value" in gpu.utilizationPct && gpu.utilizationPct.value === 93,
    );
    assert.ok(Date.now() - changedAtMs < 2_000, `it took ${Date.now() - changedAtMs} ms`);
    const seen = readings.length;
    const fromMs = Date.now();
    await until("five more readings", () => readings.length >= seen + 5);
    assert.ok(Date.now() - fromMs > 3_000, "readings come faster than the cadence");
  }).timeout(20_000);

  it("shares one channel among watchers, and starts the script anew for another cadence", async () => {
    sandbox = aProbeSandbox({ gpus: "rtx-box" });
    const { prober, reading, unwatch, readings } = sandbox.watch();
    const unwatchToo = prober.watch(host);
    await reading("a reading", () => true);
    assert.equal(sandbox.shells.opened, 1);
    unwatch();
    unwatch();
    assert.equal(prober.signals(host).cadenceMs, 1_000);
    unwatchToo();
    const slow = await reading("a slow reading", (r) => r.cadenceMs === 15_000);
    assert.ok("value" in slow.cpuPct, "the CPU share goes on over the restart");
    assert.equal(slow.gpus[0]?.occupancy.kind, "free");
    assert.equal(sandbox.shells.opened, 2);
    await until("the first shell is gone", () => sandbox.shells.open.length === 1);
    const tools = () => sandbox.processes().filter((line) => line.includes("--query-gpu"));
    await until("one tool", () => tools().length === 1); // one that has just forked is there twice for a moment
    const count = readings.length;
    prober.watch(host);
    await until("quick readings", () => readings.slice(count).some((r) => r.cadenceMs === 1_000));
    assert.equal(prober.signals(host).cadenceMs, 1_000);
  }).timeout(30_000);

  it("comes back by itself when the connection breaks", async () => {
    sandbox = aProbeSandbox({ gpus: "rtx-box" });
    const { reading, failures, readings } = sandbox.watch();
    await reading("a reading", () => true);
    sandbox.shells.open[0]?.cut();
    const cutAtMs = Date.now();
    await until(
      "a reading after the cut",
      () => sandbox.shells.opened === 2 && (readings.at(-1)?.atMs ?? 0) > cutAtMs,
    );
    assert.deepEqual(failures, []);
  }).timeout(20_000);

  it("gives one whole reading on demand, of a host that is in no set", async () => {
    sandbox = aProbeSandbox({ gpus: "spark" });
    const { prober } = aProber(sandbox.shells);
    const reading = await prober.probeOnce(localTarget, { attended: true, timeoutMs: 10_000 });
    const [gpu] = reading.gpus;
    assert.equal(gpu?.memoryKind, "unified");
    assert.deepEqual(gpu.memoryTotalBytes, { unsupported: "unified" });
    assert.equal(gpu.occupancy.kind, "busy");
    assert.ok("value" in reading.memoryTotalBytes);
    assert.equal(prober.latest(host), null);
  }).timeout(20_000);

  it("refuses a single reading when the connection does, or nothing comes in time", async () => {
    sandbox = aProbeSandbox({ gpus: null, shell: ["sh", "-c", "cat >/dev/null"] });
    const { prober } = aProber(sandbox.shells);
    await assert.rejects(
      prober.probeOnce(localTarget, { attended: false, timeoutMs: 300 }),
      (error) => error instanceof Refusal && error.code === "host-unreachable",
    );
    sandbox.shells.refuse = new Refusal("needs-login", { host: "here", what: "a password" });
    await assert.rejects(
      prober.probeOnce(localTarget, { attended: false, timeoutMs: 300 }),
      (error) => error instanceof Refusal && error.code === "needs-login",
    );
  });

  it("stays below 2 MB per hour on a host with 8 GPUs", async () => {
    sandbox = aProbeSandbox({ gpus: "h100-node" });
    const { reading, readings } = sandbox.watch();
    const first = await reading("a reading", () => true);
    const from = readings.indexOf(first);
    await until("four more readings", () => readings.length > from + 4, 20_000);
    const last = readings[from + 4];
    assert.ok(last);
    const perTick = (last.probeBytes - first.probeBytes) / 4;
    const perHour = first.probeBytes + perTick * (3600 / 15);
    assert.ok(perTick > 500, `${perTick} bytes a tick: it reads something else`);
    assert.ok(perHour < 2_000_000 / 2, `${perHour} bytes an hour leave no room for SSH's own`);
  }).timeout(30_000);
});
