import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JobRecord } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import { createDispatchBench, type DispatchBench, type PlacedJob } from "../support/dispatchBench.ts";
import { until } from "../support/until.ts";

/** Prints a known megabyte in uneven pieces, waits for the file `go` half-way, and counts its runs. */
const patient = `echo run >>"$HOME/runs"
i=0; while [ $i -lt 400 ]; do printf '%s\\r%01000d\\n' "$i" "$i"; i=$((i+1)); done
while [ ! -e go ]; do sleep 0.05; done
while [ $i -lt 1000 ]; do printf '%s\\r%01000d\\n' "$i" "$i"; i=$((i+1)); done
exit 7
`;
const patientLog = Buffer.from(
  Array.from({ length: 1_000 }, (_, index) => `${index}\r${String(index).padStart(1_000, "0")}\n`).join(""),
);

describe("a running job whose connections break", function () {
  this.timeout(60_000);
  let bench: DispatchBench;
  let placed: PlacedJob;
  const id = (): JobRecord["id"] => placed.job.id;
  const letGo = (): void => writeFileSync(join(bench.directoryOf(id()), "work/go"), "");
  const start = (): Promise<JobRecord> => bench.dispatcher.start(placed.job, placed.spec, placed.archive());
  const ended = (): Promise<JobRecord> => bench.jobs.until(id(), (job) => job.endedAtMs !== null);

  beforeEach(() => {
    bench = createDispatchBench();
    placed = bench.place({ "main.sh": patient });
  });
  afterEach(() => bench.end());

  async function assertWhole(job: JobRecord): Promise<void> {
    assert.equal(job.exitCode, 7, JSON.stringify(job.cause));
    assert.ok((await bench.logOf(id())).equals(patientLog), "the log is the same byte for byte");
    assert.equal(job.logSha256, createHash("sha256").update(patientLog).digest("hex"));
    assert.equal(readFileSync(join(bench.home, "runs"), "utf8"), "run\n", "it ran once");
    await until(() => bench.processesOf(id()).length === 0, "nothing of it is left on the host");
  }

  it("runs on, and its log is whole after many cuts at any byte", async () => {
    await start();
    const cutAt = [1, 999, 4_096, 65_537, 131_072, 300_001];
    for (const bytes of cutAt) {
      await until(() => bench.logs.size(id()) >= bytes, `${bytes} bytes are held`);
      bench.kill();
    }
    letGo();
    await assertWhole(await ended());
  });

  it("is still running meanwhile, with the contact lost at a byte and for a reason", async () => {
    await start();
    await until(() => bench.logs.size(id()) >= 400_000, "half of the log is held");
    bench.shells.refuse = new Refusal("host-unreachable", { host: "box", address: "-", reason: "it is off" });
    bench.kill();
    const lost = await bench.jobs.until(
      id(),
      (job) => job.contact.kind === "lost" && /off/.test(job.contact.reason),
    );
    assert.equal(lost.state, "running");
    assert.ok(lost.contact.kind === "lost" && lost.contact.atByte >= 400_000);
    letGo();
    await until(() => existsSync(join(bench.directoryOf(id()), "exit")), "it has ended on its host");
    assert.equal(bench.jobs.must(id()).state, "running");
    bench.shells.refuse = null;
    const job = await ended();
    assert.equal(job.contact.kind, "ok");
    await assertWhole(job);
  });

  it("is taken up by the next service, from what its mirror holds", async () => {
    await start();
    await until(() => bench.logs.size(id()) >= 100_000, "some of the log is held");
    await bench.restart();
    assert.equal(bench.jobs.must(id()).state, "running");
    await until(
      () => bench.processesOf(id()).filter((line) => /tail/.test(line)).length === 0,
      "no tail is left",
    );
    bench.dispatcher.recover();
    letGo();
    await assertWhole(await ended());
  });

  it("is cancelled as soon as its host can be reached again", async () => {
    await start();
    bench.shells.refuse = new Error("no route");
    bench.kill();
    await bench.jobs.until(id(), (job) => job.contact.kind === "lost");
    await bench.dispatcher.cancel(bench.jobs.must(id()), "ada");
    assert.equal(bench.jobs.must(id()).state, "running");
    bench.shells.refuse = null;
    assert.deepEqual((await ended()).cause, { kind: "cancelled", by: "ada" });
  });

  it("is cancelled by the next service when this one could not", async () => {
    await start();
    await bench.restart();
    bench.jobs.put({ ...bench.jobs.must(id()), cancelRequestedBy: "grace" });
    bench.dispatcher.recover();
    assert.deepEqual((await ended()).cause, { kind: "cancelled", by: "grace" });
  });

  it("is lost when its supervisor was killed, and the detail says what is left", async () => {
    await start();
    await until(() => bench.logs.size(id()) >= 400_000, "half of the log is held");
    const supervisor = Number(readFileSync(join(bench.directoryOf(id()), "start"), "utf8").split(" ")[0]);
    process.kill(supervisor, "SIGKILL");
    const job = await ended();
    assert.equal(job.state, "lost");
    assert.ok(job.cause?.kind === "lost" && /still run/.test(job.cause.detail), JSON.stringify(job.cause));
    assert.equal(
      job.logSha256,
      createHash("sha256")
        .update(await bench.logOf(id()))
        .digest("hex"),
    );
  });

  it("is failed by a reboot when the boot has changed and no exit is on record", async () => {
    await start();
    await bench.restart();
    for (const line of bench.processesOf(id())) process.kill(Number.parseInt(line, 10), "SIGKILL");
    const record = join(bench.directoryOf(id()), "start");
    writeFileSync(record, readFileSync(record, "utf8").replace(/^(\d+) \S+/, "$1 an-earlier-boot"));
    bench.dispatcher.recover();
    const job = await ended();
    assert.equal(job.state, "failed");
    assert.deepEqual(job.cause, { kind: "reboot" });
  });

  it("is lost when its folder is gone", async () => {
    await start();
    await bench.restart();
    for (const line of bench.processesOf(id())) process.kill(Number.parseInt(line, 10), "SIGKILL");
    rmSync(bench.directoryOf(id()), { recursive: true });
    bench.dispatcher.recover();
    const job = await ended();
    assert.deepEqual(job.cause, { kind: "lost", detail: "its folder on box is gone" });
    assert.equal(job.logSha256, null);
    assert.equal(job.logComplete, false);
  });

  it("is lost when its host left the fleet, and nobody claims to know how it went", async () => {
    await start();
    await bench.restart();
    bench.hasHost = false;
    bench.dispatcher.recover();
    const job = await ended();
    assert.ok(job.cause?.kind === "lost", JSON.stringify(job.cause));
    assert.match(job.cause.detail, /^box is no longer part of the fleet; whether .* is not known$/);
    assert.equal(job.logComplete, false);
    letGo();
    await until(() => bench.processesOf(id()).length === 0, "it ran to its end there");
  });
});
