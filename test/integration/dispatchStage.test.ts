import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import {
  createDispatchBench,
  type DispatchBench,
  type HostShellKind,
  type PlacedJob,
} from "../support/dispatchBench.ts";
import { heldText } from "../support/heldText.ts";
import { until } from "../support/until.ts";

const counting = { "main.sh": 'echo run >>"$HOME/runs"; pwd; echo "$PWD"\n' };

/** To wait on without letting anything else of this process run. */
const aMoment = new Int32Array(new SharedArrayBuffer(4));

describe("a stage", function () {
  this.timeout(60_000);
  let bench: DispatchBench;
  afterEach(() => bench.end());
  const runs = (): string => {
    const file = join(bench.home, "runs");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  /** What stands in any folder below the host's home. */
  const left = (): string[] => {
    const lines = execFileSync("ps", ["-A", "-o", "pid="], { encoding: "utf8" }).split("\n");
    return lines.filter((line) => cwdOf(line.trim()).startsWith(bench.home));
  };

  for (const shell of ["dash", "busybox", "bash"] satisfies HostShellKind[])
    it(`that no job takes leaves nothing, where sh is ${shell}, whether let go of or cut`, async () => {
      bench = createDispatchBench({ staged: true, shell });
      for (const end of [() => bench.leaveStage(), () => bench.kill()]) {
        await bench.stage();
        assert.equal(bench.stagesLeft().length, 1);
        assert.ok(left().length >= 2, "nobody waits at the stage");
        end();
        await until(() => bench.stagesLeft().length === 0, "its folder is gone");
        await until(() => left().length === 0, "every process is gone");
      }
    });

  it("becomes the folder of a job, which sees no other name of it", async () => {
    bench = createDispatchBench({ staged: true });
    const job = await bench.run(counting);
    assert.deepEqual(bench.stagesLeft(), []);
    assert.equal((await bench.logOf(job.id)).toString(), `${job.directory}\n`.repeat(2));
  });

  it("holds no value of a job's environment in a file", async () => {
    bench = createDispatchBench({ staged: true });
    const { job, spec, archive } = bench.place(
      { "main.sh": "sleep 60\n" },
      { env: { TOKEN: "hidden-4711" } },
    );
    await bench.stage();
    await bench.dispatcher.start(job, spec, archive());
    assert.ok(!heldText(bench.home).includes("hidden-4711"));
    await bench.dispatcher.cancel(bench.jobs.must(job.id), "ada");
    await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
  });

  it("takes a job whose environment is larger than a pipe", async () => {
    bench = createDispatchBench({ staged: true });
    const env = { LARGE: "x".repeat(100_000) };
    const job = await bench.run({ "main.sh": 'echo "${#LARGE}"\n' }, { env });
    assert.equal((await bench.logOf(job.id)).toString(), "100000\n");
  });

  const isGone: [string, (bench: DispatchBench) => void | Promise<void>][] = [
    ["whose folder was removed", ({ home }) => rmSync(join(home, ".hwledger"), { recursive: true })],
    [
      "whose connection broke unnoticed",
      (own) => {
        for (const shell of own.shells.open) shell.process.kill("SIGKILL");
      },
    ],
  ];
  for (const part of ["alive", "said", "grace", "plan", "log", "work", "run.*"])
    isGone.push([
      `that lacks its ${part}`,
      (own) => {
        const folder = join(own.home, ".hwledger/jobs", own.stagesLeft()[0]!);
        const names = readdirSync(folder).filter(
          (name) => name === part || name.startsWith(part.split("*")[0]!),
        );
        assert.equal(names.length, 1, names.join());
        rmSync(join(folder, names[0]!), { recursive: true });
      },
    ]);
  for (const [how, end] of isGone)
    it(`${how} is no matter: the job starts without it`, async () => {
      bench = createDispatchBench({ staged: true });
      const { job, spec, archive } = bench.place(counting);
      await bench.stage();
      await end(bench);
      await bench.dispatcher.start(job, spec, archive());
      const done = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
      assert.deepEqual([done.state, runs()], ["succeeded", "run\n"], JSON.stringify(done.cause));
    });

  it("whose supervisor's shell was killed is no matter, however much is to be told to it", async () => {
    bench = createDispatchBench({ staged: true });
    const { job, spec, archive } = bench.place(counting, { env: { LARGE: "x".repeat(100_000) } });
    await bench.stage();
    const supervisor = left().find((pid) =>
      readFileSync(`/proc/${pid.trim()}/cmdline`, "utf8").includes("./plan"),
    );
    process.kill(Number(supervisor), "SIGKILL");
    await bench.dispatcher.start(job, spec, archive());
    const done = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
    assert.deepEqual([done.state, runs()], ["succeeded", "run\n"], JSON.stringify(done.cause));
    await until(() => left().length === 0, "nobody waits there");
  });

  it("whose connections are cut once it is a job's ends that job, before it ran, and nothing else", async () => {
    let job: PlacedJob["job"] | null = null;
    bench = createDispatchBench({
      staged: true,
      wrap: (shells) => ({
        async openShell(target, options) {
          const shell = await shells.openShell(target, options);
          const write = shell.stdin.write.bind(shell.stdin) as (chunk: unknown) => boolean;
          shell.stdin.write = ((chunk: unknown): boolean => {
            const isTake = chunk === "take\n";
            const written = write(chunk);
            if (isTake) {
              const taken = () => existsSync(bench.directoryOf(job!.id));
              while (!taken()) Atomics.wait(aMoment, 0, 0, 1); // at the moment of the rename, not a word later
              bench.kill();
            }
            return written;
          }) as typeof shell.stdin.write;
          return shell;
        },
      }),
    });
    for (let round = 0; round < 3; round += 1) {
      const placed = bench.place(counting);
      job = placed.job;
      await bench.stage();
      await bench.dispatcher.start(placed.job, placed.spec, placed.archive());
      const { cause } = await bench.jobs.until(placed.job.id, (now) => now.endedAtMs !== null);
      assert.ok(
        cause?.kind === "not-started" && cause.code === "host-connection-lost",
        JSON.stringify(cause),
      );
      await until(
        () => !existsSync(bench.directoryOf(placed.job.id)) && left().length === 0,
        "nothing is left",
      );
    }
    assert.equal(runs(), "");
  });

  it("that is stopped is no matter after a few seconds: the job starts without it", async () => {
    bench = createDispatchBench({ staged: true });
    const { job, spec, archive } = bench.place(counting);
    await bench.stage();
    const stopped = left().map(Number);
    for (const pid of stopped) process.kill(pid, "SIGSTOP");
    try {
      await bench.dispatcher.start(job, spec, archive());
      const done = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
      assert.deepEqual([done.state, runs()], ["succeeded", "run\n"], JSON.stringify(done.cause));
    } finally {
      for (const pid of stopped) process.kill(pid, "SIGCONT");
    }
    await until(() => left().length === 0 && bench.stagesLeft().length === 0, "nothing is left");
    assert.equal(runs(), "run\n", "it ran once");
  });

  for (const which of [0, 1])
    it(`one of whose shells (${which}) is killed leaves nothing`, async () => {
      bench = createDispatchBench({ staged: true });
      await bench.stage();
      bench.shells.open[which]!.process.kill("SIGKILL");
      await until(() => bench.shells.open.length === 1, "it has ended");
      bench.leaveStage();
      await until(() => bench.stagesLeft().length === 0, "its folder is gone");
      await until(() => bench.shells.open.length === 0, "every shell has ended");
    });

  it("from before the interpreter was installed is no matter: the job starts without it", async () => {
    let path = "";
    bench = createDispatchBench({
      staged: true,
      wrap: (shells) => ({
        async openShell(target, options) {
          const shell = await shells.openShell(target, options);
          if (path !== "") shell.stdin.write(`PATH=${path}:$PATH\n`);
          return shell;
        },
      }),
    });
    const tool = join(bench.home, "new", "newtool");
    const launch = { kind: "named" as const, candidates: ["newtool"], flags: [], language: "a new tool" };
    const { job, spec, archive } = bench.place(counting, { launch });
    await bench.stage();
    mkdirSync(dirname(tool));
    writeFileSync(tool, '#!/bin/sh\nexec /bin/sh "$@"\n', { mode: 0o755 });
    path = dirname(tool);
    await bench.dispatcher.start(job, spec, archive());
    const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
    assert.deepEqual([end.state, runs()], ["succeeded", "run\n"], JSON.stringify(end.cause));
    await until(() => bench.stagesLeft().length === 0, "its folder is gone");
  });

  it("that cannot unpack says so each time, whoever of its shells is quicker", async () => {
    bench = createDispatchBench({ staged: true });
    for (let round = 0; round < 12; round += 1) {
      const { job, spec } = bench.place({});
      await bench.stage();
      await bench.dispatcher.start(job, spec, Readable.from([Buffer.alloc(20_000, "x")]));
      const { cause } = bench.jobs.must(job.id);
      assert.ok(cause?.kind === "not-started" && cause.code === "unpack-failed", JSON.stringify(cause));
    }
    await until(() => bench.stagesLeft().length === 0 && left().length === 0, "nothing is left");
  });

  it("takes a workspace of links that lead nowhere on its host", async () => {
    bench = createDispatchBench({ staged: true });
    const folder = join(bench.home, "links");
    mkdirSync(folder);
    for (const name of ["a", "b"]) symlinkSync("/nowhere", join(folder, name));
    writeFileSync(join(folder, "main.sh"), "echo linked\n");
    const tar = execFileSync("tar", ["-C", folder, "-cf", "-", "a", "b", "main.sh"]);
    for (let round = 0; round < 12; round += 1) {
      const { job, spec } = bench.place({});
      await bench.stage();
      await bench.dispatcher.start(job, spec, Readable.from([tar]));
      const done = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
      assert.equal(done.state, "succeeded", JSON.stringify(done.cause));
    }
  });

  it("starts no job that somebody has decided not to start", async () => {
    bench = createDispatchBench({ staged: true });
    const { job, spec, archive } = bench.place(counting);
    mkdirSync(bench.directoryOf(job.id), { recursive: true });
    writeFileSync(join(bench.directoryOf(job.id), "start"), "never\n");
    await bench.stage();
    await bench.dispatcher.start(job, spec, archive());
    const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
    assert.deepEqual([end.state, runs()], ["failed", ""]);
    await until(() => bench.stagesLeft().length === 0, "no stage is left");
  });

  it("removes what one before it has left for more than a day", async () => {
    bench = createDispatchBench({ staged: true });
    const jobsDir = join(bench.home, ".hwledger/jobs");
    for (const name of [".ahead-old", ".ahead-new", "j-old"])
      mkdirSync(join(jobsDir, name, "work"), { recursive: true });
    const longAgo = Date.now() / 1_000 - 3 * 86_400;
    for (const name of [".ahead-old", "j-old"]) utimesSync(join(jobsDir, name), longAgo, longAgo);
    await bench.stage();
    assert.ok(!existsSync(join(jobsDir, ".ahead-old")));
    assert.ok(existsSync(join(jobsDir, ".ahead-new")) && existsSync(join(jobsDir, "j-old")));
  });
});

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}
