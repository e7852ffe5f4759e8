import assert from "node:assert/strict";
import { Refusal } from "../../protocol/problem.ts";
import { createPendingUploads } from "../../service/http/createPendingUploads.ts";
import { aJob, aSpec } from "../support/dispatchBench.ts";
import { createMemoryJobs } from "../support/memoryJobs.ts";

describe("a workspace that never comes", () => {
  it("ends its job, also when the disk has room only later", async function () {
    this.timeout(10_000);
    const jobs = createMemoryJobs();
    const job = jobs.put(aJob(aSpec()));
    const advance = jobs.advance.bind(jobs);
    let failures = 0;
    jobs.advance = (...step) => {
      if (failures++ === 0) throw new Refusal("storage-full");
      return advance(...step);
    };
    const uploads = createPendingUploads({
      jobs,
      start: () => Promise.reject(new Error("nothing came")),
      waitMs: 10,
      log: () => undefined,
    });
    uploads.expect(job, aSpec());
    const ended = await jobs.until(job.id, (now) => now.endedAtMs !== null);
    assert.equal(ended.state, "failed");
    uploads.stop();
  });
});
