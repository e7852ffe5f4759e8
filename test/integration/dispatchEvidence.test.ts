import assert from "node:assert/strict";
import type { JobRecord } from "../../protocol/job.ts";
import { createDispatchBench, type DispatchBench } from "../support/dispatchBench.ts";
import { createScriptedHost, sayFollowing, type ScriptedShell } from "../support/scriptedHost.ts";

const files = { "main.sh": "echo hi\n" };

describe("what a host says of a job's end", () => {
  let bench: DispatchBench;
  afterEach(() => bench.end());

  function aHostThat(started: (shell: ScriptedShell) => void): DispatchBench {
    const script = (kind: string, shell: ScriptedShell): void => {
      if (kind === "unpack") shell.stdin.once("end", () => shell.say("unpacked"));
      if (kind === "start") shell.say("prepared");
      if (kind === "follow") started(shell);
    };
    bench = createDispatchBench({
      limits: { drainMs: 50 },
      wrap: () => createScriptedHost({ script, started }),
    });
    return bench;
  }
  const actorOfEnd = (job: JobRecord): string | undefined =>
    bench.jobs.steps.find(({ id, step }) => id === job.id && step.to === job.state)?.actor;

  it("does not make a member the actor of a cancel that they never asked for", async () => {
    const { run } = aHostThat((shell) => {
      sayFollowing(shell);
      shell.say("ended 0 none cancel 0 1 - user/grace");
    });
    const job = await run(files);
    assert.equal(job.state, "cancelled");
    assert.equal(actorOfEnd(job), "service");
    assert.deepEqual(job.cause, { kind: "cancelled", by: "box, as it says itself" });
  });

  for (const words of ["ended 256 none none 0 1", "ended -1 none none -5 -1"])
    it(`ends the job as lost where it makes no sense: ${words}`, async () => {
      const { run } = aHostThat((shell) => {
        sayFollowing(shell);
        shell.say(words);
      });
      const job = await run(files);
      assert.equal(job.state, "lost");
      assert.equal(job.exitCode, null);
      assert.ok(job.cause?.kind === "lost" && job.cause.detail.endsWith(words), JSON.stringify(job.cause));
    });

  it("ends the job as lost where it never said that the job began", async () => {
    const { run } = aHostThat((shell) => shell.say("ended 0 none none 0 1"));
    const job = await run(files);
    assert.equal(job.state, "lost");
    assert.ok(job.cause?.kind === "lost" && /without ever/.test(job.cause.detail));
  });

  it("does not make another member the actor than the one who asked", async () => {
    const { place, dispatcher, jobs } = aHostThat((shell) => {
      sayFollowing(shell);
      shell.stdin.on("data", (chunk: Buffer) => {
        if (/^cancel /m.test(chunk.toString())) shell.say("ended 143 TERM cancel 0 1 - user/grace");
      });
    });
    const { job, spec, archive } = place(files);
    await dispatcher.start(job, spec, archive());
    await dispatcher.cancel(jobs.must(job.id), "user/ada");
    const ended = await jobs.until(job.id, (now) => now.endedAtMs !== null);
    assert.equal(actorOfEnd(ended), "user/ada");
    assert.deepEqual(ended.cause, { kind: "cancelled", by: "user/ada" });
  });
});

describe("a job that cancels itself by its folder's file", () => {
  it("is no member's doing", async () => {
    const bench = createDispatchBench();
    try {
      const job = await bench.run({ "main.sh": "echo user/grace >../cancel\n" });
      assert.equal(job.state, "cancelled");
      assert.deepEqual(job.cause, { kind: "cancelled", by: "box, as it says itself" });
      assert.equal(bench.jobs.steps.at(-1)?.actor, "service");
    } finally {
      await bench.end();
    }
  });
});
