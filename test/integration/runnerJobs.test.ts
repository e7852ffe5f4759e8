import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { JobSpec } from "../../protocol/job.ts";
import { createDispatchBench, type DispatchBench, type HostShellKind } from "../support/dispatchBench.ts";
import { until } from "../support/until.ts";

const python: JobSpec["launch"] = {
  kind: "named",
  candidates: ["python3", "python"],
  flags: ["-u"],
  language: "Python",
};
const awkward = [
  "",
  " ",
  "a b",
  "'",
  '"',
  "$HOME `id` $(id)",
  "two\nlines\n",
  "naïve ☃",
  "-n",
  "\\",
  "*",
  "--",
  "'\\''",
];

const ways = [
  { staged: false, how: "" },
  { staged: true, how: ", on a stage" },
];
const shellsAndWays = (["dash", "busybox", "bash"] satisfies HostShellKind[]).flatMap((shell) =>
  ways.map((way) => ({ shell, ...way })),
);

for (const { shell, staged, how } of shellsAndWays)
  describe(`a job on a host with ${shell}${how}`, function () {
    this.timeout(30_000);
    let bench: DispatchBench;
    before(() => {
      bench = createDispatchBench({ shell, staged });
    });
    after(() => bench.end());

    it("ends with its own exit code, log and hash", async () => {
      const job = await bench.run({ "main.sh": "echo out; echo err >&2; exit 3\n" });
      assert.equal(existsSync(join(bench.directoryOf(job.id), "plan")), staged, "the way it was started");
      assert.equal(job.state, "failed");
      assert.equal(job.exitCode, 3);
      assert.deepEqual(job.cause, { kind: "exited", code: 3 });
      const log = await bench.logOf(job.id);
      assert.equal(log.toString(), "out\nerr\n");
      assert.equal(job.logSha256, createHash("sha256").update(log).digest("hex"));
      assert.equal(job.logBytes, 8);
    });

    it("succeeds with exit code 0 and passes through the states in order", async () => {
      const job = await bench.run({ "main.sh": ":\n" });
      const steps = bench.jobs.steps.filter((step) => step.id === job.id).map((step) => step.step.to);
      assert.deepEqual(steps, ["syncing", "running", "succeeded"]);
      assert.equal(job.interpreter, "/usr/bin/sh");
      assert.equal(job.directory, `${bench.directoryOf(job.id)}/work`);
    });

    it("does not tell `exit 137` from SIGKILL without evidence", async () => {
      const both = { kind: "exited-or-killed", code: 137, signal: "SIGKILL" };
      assert.deepEqual((await bench.run({ "main.sh": "exit 137\n" })).cause, both);
      assert.deepEqual((await bench.run({ "main.sh": "kill -9 $$\n" })).cause, both);
    });

    it("gets its arguments and environment unharmed", async () => {
      const script =
        'import sys,os,json\nprint(json.dumps([sys.argv[1:], os.environ["ODD"], os.environ["h_dir"], os.environ["PPID"]]))\n';
      const env = { ODD: awkward.join("|"), h_dir: "mine", PPID: "7", LC_ALL: "xx_XX.UTF-8" };
      const job = await bench.run(
        { "main.py": script },
        { script: "main.py", launch: python, args: awkward, env },
      );
      assert.equal(job.state, "succeeded", (await bench.logOf(job.id)).toString());
      const said: unknown = JSON.parse((await bench.logOf(job.id)).toString());
      assert.deepEqual(said, [awkward, awkward.join("|"), "mine", "7"]);
    });

    it("runs in its script's folder, whatever the names, with imports beside it", async () => {
      const name = "-it's a $HOME\nnaïve ☃.py";
      const folder = "a dir/'quoted' $x\\n and \\/ends\nwith blanks  ";
      const files = {
        [`${folder}/${name}`]: "import beside\nprint(beside.word)\n",
        [`${folder}/beside.py`]: "word = 'found'\n",
      };
      const job = await bench.run(files, { script: `${folder}/${name}`, launch: python });
      assert.equal((await bench.logOf(job.id)).toString(), "found\n");
      assert.equal(job.directory, join(bench.directoryOf(job.id), "work", folder));
    });

    it("is lost when it removes its own folder, and that is what is said", async () => {
      const job = await bench.run({ "main.sh": 'rm -rf "$(cd .. && pwd)"; exit 5\n' });
      assert.ok(
        job.cause?.kind === "lost" && job.cause.detail.includes("folder on box is gone"),
        JSON.stringify(job),
      );
    });

    it("keeps every byte of its log", async () => {
      const script =
        "import sys\nsys.stdout.buffer.write(bytes(range(256)) * 40 + b'10%\\r20%\\r\\xff\\xfe no end')\n";
      const job = await bench.run({ "main.py": script }, { script: "main.py", launch: python });
      const expected = Buffer.concat([
        ...Array.from({ length: 40 }, () => Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))),
        Buffer.from("10%\r20%\r"),
        Buffer.from([0xff, 0xfe]),
        Buffer.from(" no end"),
      ]);
      assert.ok((await bench.logOf(job.id)).equals(expected));
    });

    it("is over when it ends, though a child of it holds the log", async () => {
      const job = await bench.run({ "main.sh": "(sleep 60; echo late) & echo $! >child; echo done\n" });
      assert.equal(job.state, "succeeded");
      assert.equal((await bench.logOf(job.id)).toString(), "done\n");
      process.kill(Number(readFileSync(join(bench.directoryOf(job.id), "work/child"), "utf8")), "SIGKILL");
    });

    it("is ended at its time limit though it ignores TERM, with all it started, and leaves no timer", async () => {
      const script =
        "trap '' TERM; (trap '' TERM; while :; do sleep 0.2; done) & while :; do sleep 0.2; done\n";
      const job = await bench.run({ "main.sh": script }, { timeoutMs: 1_000 });
      assert.equal(job.state, "timed-out");
      assert.deepEqual(job.cause, { kind: "time-limit", limitMs: 1_000 });
      await until(() => bench.processesOf(job.id).length === 0, "every process is gone");
    });

    it("that ends before its time limit leaves no timer", async () => {
      const job = await bench.run({ "main.sh": "exit 5\n" }, { timeoutMs: 600_000 });
      assert.equal(job.exitCode, 5);
      await until(() => bench.processesOf(job.id).length === 0, "every process is gone");
    });

    // The supervisor's own sleeps alone: the machine has others.
    const killTimers = 'read -r boss rest <../start; sleep 0.5; pkill -x -P "$boss" sleep; ';

    it("is not ended before its time limit though something kills the timer", async () => {
      const job = await bench.run({ "main.sh": `${killTimers}sleep 1; exit 4\n` }, { timeoutMs: 3_600_000 });
      assert.equal(job.state, "failed", JSON.stringify(job.cause));
      assert.equal(job.exitCode, 4);
      await until(() => bench.processesOf(job.id).length === 0, "every process is gone");
    });

    it("is ended at its time limit though something kills the timer", async () => {
      const script = `${killTimers}trap '' TERM; while :; do sleep 0.2; done\n`;
      const startMs = Date.now();
      const job = await bench.run({ "main.sh": script }, { timeoutMs: 2_000 });
      assert.equal(job.state, "timed-out");
      assert.ok(Date.now() - startMs >= 2_000);
      await until(() => bench.processesOf(job.id).length === 0, "every process is gone");
    });

    it("is cancelled with its grandchildren, and says by whom", async () => {
      const script =
        "trap '' TERM; sh -c 'trap \"\" TERM; echo up; while :; do sleep 0.2; done' & wait; wait\n";
      const { job, spec, archive } = bench.place({ "main.sh": script });
      await bench.stage();
      await bench.dispatcher.start(job, spec, archive());
      await until(() => bench.logs.size(job.id) === 3, "the grandchild is up");
      await bench.dispatcher.cancel(bench.jobs.must(job.id), "grace.hopper");
      const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
      assert.equal(end.state, "cancelled");
      assert.deepEqual(end.cause, { kind: "cancelled", by: "grace.hopper" });
      await until(() => bench.processesOf(job.id).length === 0, "every process is gone");
    });

    it("leaves nothing on the host that follows, once it has ended", async () => {
      await until(() => bench.shells.open.length === 0, "every shell has ended");
      assert.deepEqual(bench.stagesLeft(), []);
    });
  });

for (const { staged, how } of ways)
  describe(`a job that cannot start${how}`, function () {
    this.timeout(20_000);
    let bench: DispatchBench;
    beforeEach(() => {
      bench = createDispatchBench({ staged });
    });
    afterEach(() => bench.end());
    const causeCode = async (files: Record<string, string>, spec: Partial<JobSpec>): Promise<unknown> => {
      const job = await bench.run(files, spec);
      assert.equal(job.state, "failed");
      assert.equal(job.exitCode, null);
      await until(() => !existsSync(bench.directoryOf(job.id)), "its folder is gone");
      bench.leaveStage();
      await until(() => bench.shells.open.length === 0, "every shell has ended");
      assert.deepEqual(bench.stagesLeft(), []);
      return job.cause?.kind === "not-started" ? [job.cause.code, job.cause.detail] : job.cause;
    };

    it("names the interpreters that are missing", async () => {
      const launch = { kind: "named", candidates: ["nope1", "nope2"], flags: [], language: "Nope" } as const;
      assert.deepEqual(
        await causeCode(
          { "main.sh": "" },
          { launch: { ...launch, candidates: [...launch.candidates], flags: [] } },
        ),
        ["interpreter-missing", "box has none of nope1, nope2, which main.sh needs."],
      );
    });

    it("takes no folder and no plain file for an interpreter", async () => {
      for (const path of ["/usr", "/etc/passwd", "~/venv/bin/python"])
        assert.deepEqual(
          (
            (await causeCode({ "main.sh": "" }, { launch: { kind: "path", path, flags: [] } })) as unknown[]
          )[0],
          "interpreter-missing",
        );
    });

    it("says when the script is not among the files", async () => {
      assert.deepEqual(((await causeCode({ "other.sh": "" }, {})) as unknown[])[0], "script-missing");
      assert.deepEqual(
        ((await causeCode({ "main.sh": "" }, { script: "../main.sh" })) as unknown[])[0],
        "script-missing",
      );
    });

    it("says what tar said of a broken archive", async () => {
      const { job, spec } = bench.place({});
      await bench.stage();
      await bench.dispatcher.start(job, spec, Readable.from([Buffer.alloc(20_000, "x")]));
      const cause = bench.jobs.must(job.id).cause;
      assert.ok(
        cause?.kind === "not-started" && cause.code === "unpack-failed" && /tar/.test(cause.detail),
        JSON.stringify(cause),
      );
      await until(() => !existsSync(bench.directoryOf(job.id)), "its folder is gone");
    });
  });

for (const { staged, how } of ways)
  describe(`a host's ways${how}`, function () {
    this.timeout(20_000);
    let bench: DispatchBench;
    afterEach(() => bench.end());

    for (const [shell, way] of [
      ["dash", "perl, where the shell is plain"],
      ["bash", "the shell's job control, where it has one"],
    ] as const)
      it(`may lack setsid: ${way}, gives the job a group of its own`, async () => {
        bench = createDispatchBench({ shell, hidden: ["setsid"], staged });
        const job = await bench.run({ "main.sh": "echo $$; ps -o pgid= -p $$; exit 9\n" });
        const [pid, pgid] = (await bench.logOf(job.id)).toString().trim().split(/\s+/);
        assert.equal(job.exitCode, 9, JSON.stringify(job));
        assert.equal(pgid, pid);
      });

    it("may offer no way to detach a job at all: then it is not started", async () => {
      bench = createDispatchBench({ hidden: ["setsid", "perl"] });
      const job = await bench.run({ "main.sh": "echo ran\n" });
      assert.ok(job.cause?.kind === "not-started" && job.cause.code === "start-failed");
    });

    it("may print from its start-up files, with and without line ends", async () => {
      bench = createDispatchBench({
        staged,
        wrap: (shells) => ({
          async openShell(target, options) {
            const shell = await shells.openShell(target, options);
            shell.stdin.write(
              "printf 'Welcome!\\nstarted\\nno line end'; printf 'motd: started\\nhalf a line' >&2\n",
            );
            return shell;
          },
        }),
      });
      const job = await bench.run({ "main.sh": "echo clean; exit 4\n" });
      assert.equal(job.exitCode, 4);
      assert.equal((await bench.logOf(job.id)).toString(), "clean\n");
    });

    it("finds a named interpreter under the home folder", async () => {
      bench = createDispatchBench({ staged });
      mkdirSync(join(bench.home, "my venv/bin"), { recursive: true });
      writeFileSync(join(bench.home, "my venv/bin/python"), '#!/bin/sh\necho "venv: $*"\n', { mode: 0o755 });
      const launch: JobSpec["launch"] = { kind: "path", path: "~/my venv/bin/python", flags: ["-u"] };
      const job = await bench.run({ "main.py": "" }, { script: "main.py", launch });
      assert.equal((await bench.logOf(job.id)).toString(), "venv: -u main.py\n");
      assert.equal(job.interpreter, join(bench.home, "my venv/bin/python"));
    });
  });
