import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { JobSpec } from "../../protocol/job.ts";
import { startScript } from "../../protocol/runner/startScript.ts";
import { aSpec, createDispatchBench, tarOf, type DispatchBench } from "../support/dispatchBench.ts";
import { heldText } from "../support/heldText.ts";
import { until } from "../support/until.ts";

const halfBytes = 1_024;

for (const staged of [false, true])
  describe(`a start that is cut${staged ? ", on a stage" : ""}`, function () {
    this.timeout(60_000);
    let bench: DispatchBench;
    afterEach(() => bench.end());
    const counting = { "main.sh": 'echo run >>"$HOME/runs"; echo done\n' };
    const runs = (): string => {
      const file = join(bench.home, "runs");
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    };

    /** A job whose workspace is on its way, the first part of it sent. */
    async function startHalfSent(changes: Partial<JobSpec> = {}) {
      const { job, spec } = bench.place(counting, changes);
      const archive = new PassThrough();
      archive.write(tarOf(counting).subarray(0, halfBytes));
      await bench.stage();
      return { job, archive, starting: bench.dispatcher.start(job, spec, archive) };
    }

    for (const cutAfter of ["go", "nothing"] as const)
      it(`between the word to go and its answer, ${cutAfter === "go" ? "which the host got" : "which it never got"}, is settled by the host's record`, async () => {
        let cut = false;
        bench = createDispatchBench({
          staged,
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
        await bench.stage();
        await bench.dispatcher.start(job, spec, archive());
        const end = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
        if (cutAfter === "go") assert.equal(end.state, "succeeded");
        else
          assert.ok(end.cause?.kind === "not-started" && end.cause.code === "start-cut", JSON.stringify(end));
        assert.equal(runs(), cutAfter === "go" ? "run\n" : "");
      });

    it("ends as upload-incomplete when the workspace breaks off, and leaves nothing", async () => {
      bench = createDispatchBench({ staged });
      const { job, archive, starting } = await startHalfSent();
      await until(() => existsSync(bench.directoryOf(job.id)), "the host unpacks");
      archive.destroy(new Error("the editor went away"));
      const end = await starting;
      assert.ok(
        end.cause?.kind === "not-started" && end.cause.code === "upload-incomplete",
        JSON.stringify(end),
      );
      await until(() => !existsSync(bench.directoryOf(job.id)), "its folder is gone");
      const running = (): string => execFileSync("ps", ["-A", "-o", "args"], { encoding: "utf8" });
      await until(() => !running().includes(job.id), "nothing of it is left, and nobody waits for its log");
      assert.equal(runs(), "");
    });

    it("leaves nothing on the host when the service dies while it sends", async () => {
      bench = createDispatchBench({ staged, limits: { backoffMinMs: 60_000, backoffMaxMs: 60_000 } });
      const { job } = await startHalfSent();
      await until(() => existsSync(bench.directoryOf(job.id)), "the host unpacks");
      bench.kill();
      await until(() => !existsSync(bench.directoryOf(job.id)), "its folder is gone");
      assert.equal((await bench.jobs.until(job.id, (now) => now.endedAtMs !== null)).state, "failed");
      await until(() => bench.stagesLeft().length === 0, "no stage is left");
    });

    it("leaves no value of its environment on the host when the shell that was to start it is killed", async () => {
      let said = "";
      bench = createDispatchBench({
        staged,
        wrap: (shells) => ({
          async openShell(target, options) {
            const shell = await shells.openShell(target, options);
            shell.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
            return shell;
          },
        }),
      });
      const { job, archive, starting } = await startHalfSent({ env: { TOKEN: "hidden-4711" } });
      const held = (): string => heldText(bench.home);
      // By its word: killed between the file and the word, it would be told as a lost connection.
      await until(() => said.includes(" prepared"), "the start is prepared");
      assert.equal(held().includes("hidden-4711"), !staged);
      bench.shells.open[1]?.process.kill("SIGKILL");
      archive.end(tarOf(counting).subarray(halfBytes));
      await starting;
      const { cause } = await bench.jobs.until(job.id, (now) => now.endedAtMs !== null);
      assert.ok(cause?.kind === "not-started" && cause.code === "start-cut", JSON.stringify(cause));
      await until(() => !held().includes("hidden-4711"), "nothing of it is left");
    });

    it("is taken back by a cancel while the workspace is on its way", async () => {
      bench = createDispatchBench({ staged });
      const { job, archive, starting } = await startHalfSent();
      await until(() => existsSync(bench.directoryOf(job.id)), "the host unpacks");
      await bench.dispatcher.cancel(bench.jobs.must(job.id), "ada");
      const end = await starting;
      assert.deepEqual([end.state, end.cause], ["cancelled", { kind: "cancelled", by: "ada" }]);
      assert.ok(archive.destroyed);
      assert.equal(runs(), "");
    });

    it("is taken back by a cancel before it began", async () => {
      bench = createDispatchBench({ staged });
      const { job, spec, archive } = bench.place(counting);
      await bench.dispatcher.cancel(job, "ada");
      await bench.jobs.until(job.id, (now) => now.state === "cancelled");
      const sent = archive();
      assert.equal((await bench.dispatcher.start(job, spec, sent)).state, "cancelled");
      assert.ok(sent.destroyed);
      assert.equal(bench.shells.opened, 0);
    });

    it("twice for one job runs it once", async () => {
      bench = createDispatchBench({ staged });
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
