import assert from "node:assert/strict";
import { exitCodeOf } from "../../service/cli/exitCodeOf.ts";

describe("the exit code of `dispatch --follow`", () => {
  it("is the job's own", () => {
    assert.equal(exitCodeOf({ state: "succeeded", exitCode: 0 }), 0);
    assert.equal(exitCodeOf({ state: "failed", exitCode: 3 }), 3);
    assert.equal(exitCodeOf({ state: "timed-out", exitCode: 143 }), 143);
  });

  it("is never 0 for a job that did not succeed", () => {
    assert.equal(exitCodeOf({ state: "cancelled", exitCode: 0 }), 255);
    assert.equal(exitCodeOf({ state: "failed", exitCode: 256 }), 255);
    assert.equal(exitCodeOf({ state: "lost", exitCode: null }), 255);
  });
});
