import assert from "node:assert/strict";
import { isJobEnded, jobStates, jobTransitions, type JobState } from "../../protocol/job.ts";
import { canCancel, decideJob, evolveJob, type JobStep } from "../../service/domain/decideJob.ts";
import { aJob } from "../support/fleetRecords.ts";

const ends = ["succeeded", "failed", "cancelled", "timed-out", "lost"] as const;
const cause = { kind: "exited", code: 3 } as const;

function stepTo(to: JobStep["to"]): JobStep {
  switch (to) {
    case "syncing":
      return { to };
    case "running":
      return { to, interpreter: "/bin/sh", directory: "/d", archiveBytes: 5, archiveSha256: "ab" };
    case "succeeded":
    case "failed":
    case "cancelled":
    case "timed-out":
    case "lost":
      return { to, exitCode: 3, cause, logBytes: 7, logSha256: "cd", logComplete: true, lastedMs: null };
  }
}

describe("a job's life", () => {
  it("ends in five states and in no other", () => {
    assert.deepEqual(jobStates.filter(isJobEnded), ends);
  });

  for (const from of jobStates)
    for (const to of ["syncing", "running", ...ends] as const) {
      const legal = jobTransitions[from].includes(to);
      it(`${legal ? "goes" : "does not go"} from ${from} to ${to}`, () => {
        const job = aJob({ state: from });
        const step = stepTo(to);
        if (!legal) {
          assert.throws(() => decideJob(job, step, "service"), RangeError);
          return;
        }
        const event = decideJob(job, step, "service");
        assert.equal(event.type, `job.${to}`);
        assert.equal((event.payload as { jobId: string }).jobId, job.id);
        const next = evolveJob(job, step, 99);
        assert.equal(next.state, to);
        assert.equal(next.revision, job.revision + 1);
        assert.equal(next.endedAtMs, isJobEnded(to as JobState) ? 99 : null);
      });
    }

  it("can be reached from queued to every end", () => {
    const reached = new Set<JobState>(["queued"]);
    for (const state of reached) for (const next of jobTransitions[state]) reached.add(next);
    assert.deepEqual([...reached].sort(), [...jobStates].sort());
  });

  it("says where and by what it runs once it does", () => {
    const next = evolveJob(aJob({ state: "syncing" }), stepTo("running"), 42);
    assert.deepEqual(
      [next.interpreter, next.directory, next.archiveBytes, next.startedAtMs],
      ["/bin/sh", "/d", 5, 42],
    );
  });

  it("is complete and in contact once it has ended", () => {
    const lost = { kind: "lost", sinceMs: 1, atByte: 1, reason: "cut" } as const;
    const next = evolveJob(aJob({ contact: lost }), stepTo("failed"), 42);
    assert.deepEqual(
      [next.exitCode, next.cause, next.logBytes, next.logSha256, next.logComplete, next.contact],
      [3, cause, 7, "cd", true, { kind: "ok" }],
    );
  });

  it("ends when its host says, at the latest when that was heard", () => {
    const job = aJob({ state: "running", createdAtMs: 500, startedAtMs: 1_000 });
    const endedAtMs = (lastedMs: number | null) =>
      evolveJob(job, { ...stepTo("failed"), lastedMs } as JobStep, 60_000).endedAtMs;
    assert.deepEqual([endedAtMs(3_000), endedAtMs(900_000), endedAtMs(null)], [4_000, 60_000, 60_000]);
  });

  it("began as long before its end as its host says, though the service heard of it later; not before it was created", () => {
    const job = aJob({ state: "running", createdAtMs: 500, startedAtMs: 9_000 });
    const times = (lastedMs: number | null) => {
      const { startedAtMs, endedAtMs } = evolveJob(job, { ...stepTo("failed"), lastedMs } as JobStep, 9_100);
      return [startedAtMs, endedAtMs];
    };
    assert.deepEqual(times(1_550), [7_550, 9_100]);
    assert.deepEqual(times(900_000), [500, 9_100]);
    assert.deepEqual(times(50), [9_000, 9_050]);
    assert.deepEqual(times(null), [9_000, 9_100]);
  });

  it("is not complete where its log is not whole", () => {
    const step = { ...stepTo("lost"), logSha256: null, logComplete: false } as JobStep;
    assert.equal(evolveJob(aJob(), step, 42).logComplete, false);
  });

  it("can be cancelled until it has ended", () => {
    for (const state of jobStates) assert.equal(canCancel(aJob({ state })), !isJobEnded(state), state);
  });
});
