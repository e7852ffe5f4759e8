import assert from "node:assert/strict";
import type { JobRecord } from "../../protocol/job.ts";
import { createDispatchBench, type DispatchBench } from "../support/dispatchBench.ts";
import { createScriptedHost, type ScriptedShell } from "../support/scriptedHost.ts";

const files = { "main.sh": "echo hi\n" };

describe("a host whose login scripts print without end", () => {
  let bench: DispatchBench | null = null;
  afterEach(() => bench?.end());

  function aBench(opened: (shell: ScriptedShell) => void, startMs = 30_000): DispatchBench {
    return (bench = createDispatchBench({
      limits: { startMs },
      wrap: () => createScriptedHost({ opened }),
    }));
  }

  function assertNoisy({ cause, state }: JobRecord): void {
    assert.equal(state, "failed");
    assert.ok(cause?.kind === "not-started", JSON.stringify(cause));
    assert.equal(cause.code, "host-shell-noisy");
    assert.match(cause.detail, /^box .*login scripts/);
  }

  it("is given up after a megabyte on stdout", async () => {
    assertNoisy(await aBench((shell) => shell.flood("stdout", Buffer.alloc(30_000, 97))).run(files));
  });

  it("is given up after a megabyte on stderr, in lines or without an end of line", async () => {
    for (const text of ["\u001b[2Jspam\n".repeat(3_000), "z".repeat(30_000)]) {
      assertNoisy(await aBench((shell) => shell.flood("stderr", Buffer.from(text))).run(files));
      await bench?.end();
    }
  });

  it("is given up after the time to start, when it prints slowly", async () => {
    const drip = (shell: ScriptedShell): void => void shell.stdout.write("a");
    assertNoisy(await aBench(drip, 200).run(files));
  });

  it("is given up when it closes its output and stays", async () => {
    const job = await aBench((shell) => void shell.stdout.end()).run(files);
    assert.ok(job.cause?.kind === "not-started");
    assert.equal(job.cause.code, "host-shell-failed");
  });

  it("keeps neither a cancel nor the service's end waiting", async () => {
    const silent = (shell: ScriptedShell): void => void shell.stdout.write("hello");
    const { dispatcher, jobs, place } = aBench(silent);
    const [first, second] = [place(files), place(files)];
    const starts = [first, second].map(({ job, spec, archive }) => dispatcher.start(job, spec, archive()));
    await dispatcher.cancel(first.job, "user/ada");
    assert.equal((await starts[0])?.state, "cancelled");
    await dispatcher.stop();
    assert.deepEqual((await starts[1])?.cause?.kind, "not-started");
    assert.equal(jobs.must(second.job.id).state, "failed");
  });
});
