import assert from "node:assert/strict";
import { Refusal } from "../../protocol/problem.ts";
import { canonicalJson } from "../../protocol/ledger/chain.ts";
import { createDispatchBench, type BenchOptions, type DispatchBench } from "../support/dispatchBench.ts";
import { createScriptedHost } from "../support/scriptedHost.ts";
import { until } from "../support/until.ts";

const files = { "main.sh": "echo hi\n" };

describe("a service that cannot write down how a job ended", () => {
  let bench: DispatchBench;
  let failures = 0;
  let isFull = true;

  function aFullService(options: BenchOptions = {}): void {
    failures = 0;
    isFull = true;
    bench = createDispatchBench({ ...options, log: () => undefined });
    const { jobs } = bench;
    const advance = jobs.advance.bind(jobs);
    jobs.advance = (id, step, actor) => {
      const isEnd = step.to !== "syncing" && step.to !== "running";
      if (!isFull || !isEnd) return advance(id, step, actor);
      failures += 1;
      throw new Refusal("storage-full");
    };
  }
  afterEach(() => bench.end());

  it("writes it down once there is room again, when the job never started", async () => {
    aFullService({ wrap: () => createScriptedHost({ opened: (shell) => shell.exit(1) }) });
    const { job, spec, archive } = bench.place(files);
    const answer = await bench.dispatcher.start(job, spec, archive());
    assert.equal(answer.state, "syncing", "the dispatch is answered meanwhile");
    await until(() => failures >= 3, "it was tried again and again");
    isFull = false;
    const ended = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
    assert.equal(ended.state, "failed");
    assert.ok(ended.cause?.kind === "not-started" && ended.cause.code === "host-shell-failed");
  });

  it("writes it down once there is room again, when the job ran, without asking its host anew", async () => {
    aFullService();
    const { job, spec, archive } = bench.place(files);
    await bench.dispatcher.start(job, spec, archive());
    await until(() => failures >= 3, "it was tried again and again");
    isFull = false;
    const ended = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
    assert.equal(ended.state, "succeeded");
    assert.equal(bench.shells.opened, 2, "the host was asked once");
  });

  it("lets go of it when the service stops, for the next one to write down", async () => {
    aFullService({ wrap: () => createScriptedHost({ opened: (shell) => shell.exit(1) }) });
    const { job, spec, archive } = bench.place(files);
    await bench.dispatcher.start(job, spec, archive());
    await bench.dispatcher.stop();
    assert.equal(bench.jobs.must(job.id).state, "syncing");
    isFull = false;
  });
});

describe("words of a host", () => {
  let bench: DispatchBench;
  afterEach(() => bench.end());

  it("enter the record without half a character, a colour or a control character", async () => {
    const words = `a${"\u{1F680}".repeat(300)}\u001b[31mred\u001b[0m \u001b]0;owned\u0007\u0008end\n`;
    const opened = (shell: { stderr: { write(text: string): boolean }; exit(code: number): void }): void => {
      shell.stderr.write(words);
      shell.exit(1);
    };
    bench = createDispatchBench({ wrap: () => createScriptedHost({ opened }) });
    const { cause } = await bench.run(files);
    assert.ok(cause?.kind === "not-started" && cause.code === "host-shell-failed", JSON.stringify(cause));
    assert.match(cause.detail, /\u{1F680}red +end\.$/u);
    assert.ok(canonicalJson(cause).isWellFormed());
  });
});
