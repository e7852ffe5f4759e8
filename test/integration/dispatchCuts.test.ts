import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import type { JobRecord } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import { startScript } from "../../protocol/runner/startScript.ts";
import {
  aSpec,
  createDispatchBench,
  tarOf,
  type DispatchBench,
  type PlacedJob,
} from "../support/dispatchBench.ts";
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

  it("is lost when its folder is gone, and when its host left the fleet", async () => {
    await start();
    await bench.restart();
    for (const line of bench.processesOf(id())) process.kill(Number.parseInt(line, 10), "SIGKILL");
    rmSync(bench.directoryOf(id()), { recursive: true });
    bench.dispatcher.recover();
    const job = await ended();
    assert.deepEqual(job.cause, { kind: "lost", detail: "its folder on box is gone" });
    assert.equal(job.logSha256, null);
  });
});

describe("a start that is cut", function () {
  this.timeout(60_000);
  let bench: DispatchBench;
  afterEach(() => bench.end());
  const counting = { "main.sh": 'echo run >>"$HOME/runs"; echo done\n' };
  const runs = (): string => {
    const file = join(bench.home, "runs");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };

  for (const cutAfter of ["go", "nothing"] as const)
    it(`between the word to go and its answer, ${cutAfter === "go" ? "which the host got" : "which it never got"}, is settled by the host's record`, async () => {
      let cut = false;
      bench = createDispatchBench({
        wrap: (shells) => ({
          async openShell(target, options) {
            const shell = await shells.openShell(target, options);
            const write = shell.stdin.write.bind(shell.stdin) as (chunk: unknown) => boolean;
            shell.stdin.write = ((chunk: unknown): boolean => {
              if (cut || !String(chunk).startsWith("go ")) return write(chunk);
              cut = true;
              if (cutAfter === "go") write(chunk);
              setImmediate(() => bench.kill());
              return true;
            }) as typeof shell.stdin.write;
            return shell;
          },
        }),
      });
      const { job, spec, archive } = bench.place(counting);
      await bench.dispatcher.start(job, spec, archive());
      const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
      if (cutAfter === "go") assert.equal(end.state, "succeeded");
      else
        assert.ok(end.cause?.kind === "not-started" && end.cause.code === "interrupted", JSON.stringify(end));
      assert.equal(runs(), cutAfter === "go" ? "run\n" : "");
    });

  it("ends as upload-incomplete when the workspace breaks off, and leaves nothing", async () => {
    bench = createDispatchBench();
    const { job, spec } = bench.place(counting);
    const archive = new PassThrough();
    archive.write(tarOf(counting).subarray(0, 1_024));
    const starting = bench.dispatcher.start(job, spec, archive);
    await until(() => existsSync(bench.directoryOf(job.id)), "the host unpacks");
    archive.destroy(new Error("the editor went away"));
    const end = await starting;
    assert.ok(
      end.cause?.kind === "not-started" && end.cause.code === "upload-incomplete",
      JSON.stringify(end),
    );
    await until(() => !existsSync(bench.directoryOf(job.id)), "its folder is gone");
    assert.equal(runs(), "");
  });

  it("leaves nothing on the host when the service dies while it sends", async () => {
    bench = createDispatchBench({ limits: { backoffMinMs: 60_000, backoffMaxMs: 60_000 } });
    const { job, spec } = bench.place(counting);
    const archive = new PassThrough();
    archive.write(tarOf(counting).subarray(0, 1_024));
    void bench.dispatcher.start(job, spec, archive);
    await until(() => existsSync(bench.directoryOf(job.id)), "the host unpacks");
    bench.kill();
    await until(() => !existsSync(bench.directoryOf(job.id)), "its folder is gone");
    assert.equal((await bench.jobs.until(job.id, (now) => now.endedAtMs !== null)).state, "failed");
  });

  it("is taken back by a cancel while the workspace is on its way", async () => {
    bench = createDispatchBench();
    const { job, spec } = bench.place(counting);
    const archive = new PassThrough();
    archive.write(tarOf(counting).subarray(0, 1_024));
    const starting = bench.dispatcher.start(job, spec, archive);
    await until(() => existsSync(bench.directoryOf(job.id)), "the host unpacks");
    await bench.dispatcher.cancel(bench.jobs.must(job.id), "ada");
    const end = await starting;
    assert.deepEqual([end.state, end.cause], ["cancelled", { kind: "cancelled", by: "ada" }]);
    assert.ok(archive.destroyed);
    assert.equal(runs(), "");
  });

  it("is taken back by a cancel before it began", async () => {
    bench = createDispatchBench();
    const { job, spec, archive } = bench.place(counting);
    await bench.dispatcher.cancel(job, "ada");
    await bench.jobs.until(job.id, (now) => now.state === "cancelled");
    const sent = archive();
    assert.equal((await bench.dispatcher.start(job, spec, sent)).state, "cancelled");
    assert.ok(sent.destroyed);
    assert.equal(bench.shells.opened, 0);
  });

  it("twice for one job runs it once", async () => {
    bench = createDispatchBench();
    const { job, spec, archive } = bench.place(counting);
    await bench.dispatcher.start(job, spec, archive());
    await bench.jobs.until(job.id, (now) => now.state === "succeeded");
    const answers: string[] = [];
    for (const nonce of ["secondstart", "thirdstart1"]) {
      const shell = await bench.shells.openShell({
        id: job.hostId,
        name: "box",
        connection: { kind: "local" },
      });
      shell.stderr.on("data", (chunk: Buffer) => answers.push(chunk.toString()));
      shell.stdin.write(startScript({ jobId: job.id, nonce, spec: aSpec(), graceMs: 1_000 }));
      await until(() => answers.join("").includes(`${nonce} prepared`), "it is prepared");
      shell.stdin.write("go 1 x\n");
      await until(
        () => answers.join("").includes(`${nonce} ended 0`),
        "the second start reports the first one's end",
      );
      shell.close();
    }
    assert.equal(runs(), "run\n");
  });
});

describe("recovery", function () {
  this.timeout(30_000);
  let bench: DispatchBench;
  beforeEach(() => {
    bench = createDispatchBench();
  });
  afterEach(() => bench.end());

  for (const state of ["queued", "placed", "syncing"] as const)
    it(`ends a job that was ${state} as interrupted, so that it can never start later`, async () => {
      const { job, spec } = bench.place({});
      bench.jobs.put({ ...job, state });
      bench.dispatcher.recover();
      const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
      assert.equal(end.state, "failed");
      assert.ok(end.cause?.kind === "not-started" && end.cause.code === "interrupted");
      if (state !== "syncing") return;
      const shell = await bench.shells.openShell({
        id: job.hostId,
        name: "box",
        connection: { kind: "local" },
      });
      let said = "";
      shell.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      shell.stdin.write(startScript({ jobId: job.id, nonce: "latestart1", spec, graceMs: 1 }));
      await until(() => said.includes("prepared"), "it is prepared");
      shell.stdin.end("go 1 x\n");
      await shell.exited;
      assert.doesNotMatch(said, /latestart1 (started|following)/);
    });

  it("finds a syncing job that had started, and follows it to its end", async () => {
    const { job, spec, archive } = bench.place({ "main.sh": "echo here; exit 6\n" });
    await bench.dispatcher.start(job, spec, archive());
    await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
    const first = bench.jobs.must(job.id);
    bench.jobs.put({ ...job, state: "syncing" });
    await bench.restart();
    bench.dispatcher.recover();
    const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
    assert.equal(end.exitCode, 6);
    assert.equal(end.archiveBytes, first.archiveBytes);
    assert.equal(end.interpreter, first.interpreter);
    assert.equal(end.directory, first.directory);
    const running = bench.jobs.steps.filter(({ step }) => step.to === "running").map(({ step }) => step);
    assert.deepEqual(running[1], running[0]);
  });

  it("ends as interrupted what was being sent when the service stops", async () => {
    const { job, spec } = bench.place({});
    const archive = new PassThrough();
    const starting = bench.dispatcher.start(job, spec, archive);
    await until(() => existsSync(bench.directoryOf(job.id)), "the host prepares");
    await bench.dispatcher.stop();
    const end = await starting;
    assert.ok(end.cause?.kind === "not-started" && end.cause.code === "interrupted");
    assert.ok(archive.destroyed);
    const late = Readable.from([Buffer.alloc(1)]);
    await bench.dispatcher.start(bench.place({}).job, spec, late);
    assert.ok(late.destroyed);
  });
});
