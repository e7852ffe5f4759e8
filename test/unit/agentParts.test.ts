import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobId } from "../../protocol/ids.ts";
import { agentHome, assertOwnMachine } from "../../agent/agentHome.ts";
import { createReadingBuffer } from "../../agent/readingBuffer.ts";
import { launchdPlist, systemdUnit } from "../../agent/serviceUnits.ts";
import { takenReading } from "../../service/agents/takenReading.ts";
import { aGpu, aReading } from "../support/fleetRecords.ts";

describe("readings that wait for contact", () => {
  it("are held until they are taken, in order", () => {
    const buffer = createReadingBuffer();
    const seqs = [1, 2, 3].map((atMs) => buffer.add(aReading({ atMs })).seq);
    buffer.taken(seqs[1]!);
    assert.deepEqual(
      buffer.after(0).map(({ seq }) => seq),
      [seqs[2]],
    );
    buffer.taken(seqs[2]!);
    assert.equal(buffer.length, 0);
  });

  it("reach from the newest back to the first, ever more coarsely, and take no more than their room", () => {
    const limit = 100_000;
    const buffer = createReadingBuffer(limit);
    const count = 5_000;
    for (let atMs = 0; atMs < count; atMs++) buffer.add(aReading({ atMs }));
    const held = buffer.after(0);
    assert.ok(held.reduce((sum, { json }) => sum + json.length, 0) <= limit);
    const times = held.map(({ json }) => (JSON.parse(json) as { atMs: number }).atMs);
    assert.equal(times[0], 0);
    assert.equal(times.at(-1), count - 1);
    assert.ok(times.every((atMs, at) => at === 0 || atMs > times[at - 1]!));
  });
});

describe("an agent's reading, as the service takes it", () => {
  const hostId = "h-00000000000000aa";
  const needs = { hostId, nowMs: 1_000_000, isJobOn: () => false };
  const sent = (reading: object, more: object = {}) =>
    JSON.stringify({
      sentAtMs: 5_000,
      live: true,
      reading: { ...aReading({ hostId: "h-00000000000000bb" }), ...reading },
      ...more,
    });

  it("is of its own host and in the service's time, whatever the agent's clock says", () => {
    const taken = takenReading(sent({ atMs: 4_000 }), needs);
    assert.equal(taken?.reading.hostId, hostId);
    assert.equal(taken.reading.atMs, 999_000);
    assert.equal(takenReading(sent({ atMs: 9_000_000 }), needs)?.reading.atMs, needs.nowMs);
  });

  it("names only jobs that run there, and no control characters", () => {
    const jobId = "j-0000000000000001" as JobId;
    const process = {
      pid: 1,
      name: "py\u001b[31mthon\n",
      memoryBytes: { value: 1 },
      user: "ada\u202e",
      jobId,
      startedAtMs: 4_000,
    };
    const gpu = aGpu({ name: "RTX\u0007 3090", occupancy: { kind: "busy", processes: [process] } });
    const seen = (isOurs: boolean) => {
      const taken = takenReading(sent({ gpus: [gpu] }), { ...needs, isJobOn: () => isOurs });
      const [first] = taken?.reading.gpus ?? [];
      assert.ok(first?.occupancy.kind === "busy");
      return { name: first.name, process: first.occupancy.processes[0] };
    };
    assert.deepEqual(seen(true), {
      name: "RTX  3090",
      process: { ...process, name: "python", user: "ada", startedAtMs: 999_000 },
    });
    assert.equal(seen(false).process?.jobId, null);
  });

  it("has no more GPUs and processes than a host can have", () => {
    const gpus = Array.from({ length: 1_000 }, (_, at) => aGpu({ uuid: `GPU-${at}` }));
    assert.equal(takenReading(sent({ gpus }), needs)?.reading.gpus.length, 256);
  });

  it("is none where it is older than anything is kept, or is no reading", () => {
    assert.equal(takenReading(sent({ atMs: 5_000 - 31 * 86_400_000 }), needs), null);
    assert.throws(() => takenReading("{}", needs));
    assert.throws(() => takenReading(sent({ atMs: "now" }), needs));
  });
});

describe("an agent's home", () => {
  const folder = mkdtempSync(join(tmpdir(), "hwl-agent-home-"));
  const home = agentHome({ HWLEDGER_AGENT_HOME: folder });
  after(() => rmSync(folder, { recursive: true }));

  it("is one machine's, though others may share it; where that cannot be known nothing is refused", () => {
    assertOwnMachine(home, "a");
    writeFileSync(home.machineFile, "a\n");
    assertOwnMachine(home, "a");
    assertOwnMachine(home, null);
    assert.throws(() => assertOwnMachine(home, "b"), { code: "agent-other-machine" });
    writeFileSync(home.machineFile, "");
    assertOwnMachine(home, "b");
  });
});

describe("what starts an agent", () => {
  const command = {
    argv: ["/home/a b/node", '/home/a b/100% "new"/hwledger-agent.cjs', "run"],
    env: { PATH: "/opt/rocm/bin:/usr/bin", HOME: "/home/a b" },
  };

  it("is a unit of systemd that takes paths as they are, and leaves jobs alone when it ends", () => {
    const unit = systemdUnit(command, "default.target");
    assert.match(
      unit,
      /^ExecStart=:"\/home\/a b\/node" "\/home\/a b\/100%% \\"new\\"\/hwledger-agent\.cjs" "run"$/m,
    );
    assert.match(unit, /^KillMode=process$/m);
  });

  it("is a property list that launchd can read, whatever the paths hold", () => {
    const plist = launchdPlist({ ...command, argv: ["/a&b", "<c>"] }, "/tmp/agent.log");
    assert.match(plist, /<string>\/a&amp;b<\/string><string>&lt;c&gt;<\/string>/);
    assert.match(plist, /<key>AbandonProcessGroup<\/key><true\/>/);
  });
});
