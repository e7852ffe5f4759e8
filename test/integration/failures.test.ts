import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { dispatchFile, type DispatchRequest } from "../../protocol/client/dispatchFile.ts";
import type { JobCause, JobRecord } from "../../protocol/job.ts";
import { Refusal, RemoteProblem, type Problem } from "../../protocol/problem.ts";
import { startFleetFixture, type FleetFixture } from "../support/startFleetFixture.ts";

describe("what can go wrong at a host", function () {
  this.timeout(120_000);
  let fleet: FleetFixture;

  before(async () => {
    fleet = await startFleetFixture([
      { name: "box" },
      { name: "bare", interpreters: [], userland: "busybox" },
      { name: "tiny", homeTmpfsBytes: 3_000_000 },
      { name: "moody" },
    ]);
    await writeFile(join(fleet.scripts, "hello.py"), 'print("hello")\n');
    await writeFile(join(fleet.scripts, "hello.sh"), "echo hello\n");
  });
  after(() => fleet.stop());

  async function run(request: Omit<DispatchRequest, "file"> & { file: string }): Promise<JobRecord> {
    const job = await dispatchFile(fleet.client, {
      workspace: "script",
      ...request,
      file: join(fleet.scripts, request.file),
    });
    return fleet.ended(job.id, 60_000);
  }

  function notStarted(job: JobRecord): JobCause & { kind: "not-started" } {
    assert.equal(job.state, "failed");
    assert.equal(job.startedAtMs, null);
    assert.equal(job.exitCode, null);
    if (job.cause?.kind !== "not-started")
      throw new Error(`it ended otherwise: ${JSON.stringify(job.cause)}`);
    return job.cause;
  }

  async function problemOf(call: Promise<unknown>): Promise<Problem> {
    const error = await call.then(
      () => assert.fail("it was not refused"),
      (cause: unknown) => cause,
    );
    if (error instanceof RemoteProblem) return error.problem;
    throw error;
  }

  const login = (name: string) => {
    const { address, port, user, identityFile, hostKeyFingerprint } = fleet.lab.host(name);
    return { alias: address, port, user, identityFile, hostKey: hostKeyFingerprint };
  };

  it("a host that is down ends the job with its name and the reason", async () => {
    await fleet.lab.host("moody").stop();
    const cause = notStarted(await run({ file: "hello.sh", host: "moody" }));
    assert.equal(cause.code, "host-unreachable");
    assert.match(cause.detail, /^moody \(127\.[\d.]+:\d+\) cannot be reached: connection refused/);
    await fleet.lab.host("moody").start();
    assert.equal((await run({ file: "hello.sh", host: "moody" })).exitCode, 0);
  });

  it("a host that says nothing ends it within a limit", async () => {
    await fleet.lab.host("moody").freeze();
    const startMs = performance.now();
    const cause = notStarted(await run({ file: "hello.sh", host: "moody" }));
    assert.ok(performance.now() - startMs < 50_000);
    assert.match(cause.code, /^(dispatch-timeout|host-connection-lost|host-unreachable)$/);
    assert.match(cause.detail, /moody/);
    await fleet.lab.host("moody").thaw();
  });

  it("an unknown host key is refused with its fingerprint when a host is added", async () => {
    const { hostKey, ...unpinned } = login("box");
    const problem = await problemOf(
      fleet.client.call("addHost", { body: { name: "newcomer", ...unpinned } }),
    );
    assert.equal(problem.code, "host-key-unknown");
    assert.ok(problem.detail.includes(hostKey) && problem.detail.includes("newcomer"));
    assert.ok(problem.next.includes(`--host-key ${hostKey}`));
  });

  it("a changed host key is refused loudly, sends nothing and is in the ledger", async () => {
    const before = login("moody").hostKey;
    await fleet.lab.host("moody").replaceHostKey();
    const cause = notStarted(await run({ file: "hello.sh", host: "moody" }));
    assert.equal(cause.code, "host-key-changed");
    assert.ok(cause.detail.includes(before) && cause.detail.includes(login("moody").hostKey));
    const problem = await problemOf(
      fleet.client.call("addHost", { body: { name: "again", ...login("moody"), hostKey: before } }),
    );
    assert.equal(problem.code, "host-key-changed");
    const { events } = await fleet.client.call("listLedger", { query: { limit: 1000 } });
    const refused = events.filter((event) => event.type === "host.key-refused");
    assert.ok(refused.some((event) => event.payload["fingerprint"] === login("moody").hostKey));
  });

  it("a refused login names the host, the user and what was tried", async () => {
    const problem = await problemOf(
      fleet.client.call("addHost", {
        body: { name: "closed", ...login("box"), identityFile: login("bare").identityFile },
      }),
    );
    assert.equal(problem.code, "host-login-refused");
    assert.match(problem.detail, /^closed \(127\.[\d.]+:\d+\) refused to log in \w+; tried: .*key/);
  });

  it("a missing interpreter is named with what was looked for", async () => {
    const cause = notStarted(await run({ file: "hello.py", host: "bare" }));
    assert.equal(cause.code, "interpreter-missing");
    assert.match(cause.detail, /bare has none of python3, python/);
    const named = notStarted(await run({ file: "hello.py", host: "box", python: "/opt/none/bin/python" }));
    assert.equal(named.code, "interpreter-missing");
    assert.match(named.detail, /\/opt\/none\/bin\/python/);
  });

  it("a file that nothing can run is refused before anything is sent", async () => {
    await writeFile(join(fleet.scripts, "notes.txt"), "no program\n");
    await assert.rejects(
      run({ file: "notes.txt", host: "box" }),
      (error: unknown) => error instanceof Refusal && error.code === "no-interpreter",
    );
  });

  it("a full disk is named, and leaves nothing behind on the host", async () => {
    const folder = join(fleet.scripts, "large");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "data"), Buffer.alloc(5_000_000, 1));
    await writeFile(join(folder, "main.sh"), "echo hello\n");
    const job = await run({ file: "large/main.sh", host: "tiny", workspace: { directory: folder } });
    const cause = notStarted(job);
    assert.equal(cause.code, "host-disk-full");
    assert.match(cause.detail, /tiny has no space left/);
    const { stdout } = await fleet.lab
      .host("tiny")
      .run(["ls", "-A", `${fleet.lab.host("tiny").home}/.hwledger/jobs`]);
    // A stage, at most, that waits for the next job.
    assert.match(stdout, /^(\.ahead-\w+\n)?$/);
    assert.equal((await run({ file: "hello.sh", host: "tiny" })).exitCode, 0);
  });

  it("a job that fills the disk still ends with its true exit code", async () => {
    await writeFile(
      join(fleet.scripts, "fill.sh"),
      "head -c 20000000 /dev/zero > filler\necho tried\nexit 9\n",
    );
    const job = await run({ file: "fill.sh", host: "tiny" });
    assert.equal(job.exitCode, 9);
  });

  it("nothing half-made stays under way", async () => {
    const { jobs } = await fleet.client.call("listJobs");
    assert.deepEqual(
      jobs.filter((job) => job.endedAtMs === null),
      [],
    );
    assert.equal((await fleet.client.call("verifyLedger")).ok, true);
  });
});
