import assert from "node:assert/strict";
import { jobIdSchema } from "../../protocol/ids.ts";
import { followScript } from "../../protocol/runner/followScript.ts";
import { jobEnding } from "../../protocol/runner/jobEnding.ts";
import { parseRunnerReport, type JobEvidence } from "../../protocol/runner/runnerReport.ts";
import { placeOf } from "../../protocol/runner/supervisorScript.ts";

const nonce = "n0nce1234";
const sha = "ab".repeat(32);
const ended = (changes: Partial<Extract<JobEvidence, { kind: "ended" }>>): JobEvidence => ({
  kind: "ended",
  code: 0,
  signal: null,
  why: { kind: "none" },
  logBytes: 7,
  logSha256: null,
  lastedMs: null,
  ...changes,
});

describe("what the runner says", () => {
  it("is nothing without the nonce", () => {
    assert.equal(parseRunnerReport("started", nonce), null);
    assert.equal(parseRunnerReport("0ther1234 started", nonce), null);
    assert.equal(parseRunnerReport(`${nonce}started`, nonce), null);
  });

  it("counts after noise that did not end its line", () => {
    assert.deepEqual(parseRunnerReport(`Welcome!${nonce} started`, nonce), { kind: "started" });
  });

  it("is ignored when the words are unknown or the numbers are none", () => {
    assert.equal(parseRunnerReport(`${nonce} exploded`, nonce), null);
    assert.equal(parseRunnerReport(`${nonce} vanish`, nonce), null);
  });

  it("of an end is no evidence when a number is none, or none that a process can end with", () => {
    for (const words of [
      "ended x none none 3",
      "ended 0 none none",
      "ended -1 none none 3 1",
      "ended 256 none none 0 1",
    ])
      assert.deepEqual(parseRunnerReport(`${nonce} ${words}`, nonce), { kind: "unusable", said: words });
    assert.deepEqual(
      parseRunnerReport(`${nonce} ended 255 none none 7 - `, nonce),
      ended({ code: 255, logBytes: 7 }),
    );
  });

  it("tells how a job ended", () => {
    assert.deepEqual(
      parseRunnerReport(`${nonce} ended 137 KILL none 42 1234 ${sha} `, nonce),
      ended({ code: 137, signal: "KILL", logBytes: 42, logSha256: sha, lastedMs: 12_340 }),
    );
    assert.deepEqual(
      parseRunnerReport(`${nonce} ended 143 SIGTERM cancel 42 - - ada b`, nonce),
      ended({ code: 143, signal: "TERM", why: { kind: "cancelled", by: "ada b" }, logBytes: 42 }),
    );
    assert.deepEqual(parseRunnerReport(`${nonce} vanished 9 running`, nonce), {
      kind: "vanished",
      logBytes: 9,
      processes: "running",
    });
  });

  it("keeps blanks inside a path", () => {
    assert.deepEqual(parseRunnerReport(`${nonce} directory /home/a b/work`, nonce), {
      kind: "directory",
      path: "/home/a b/work",
    });
  });
});

describe("the ending by evidence", () => {
  it("is a success for exit code 0 alone", () => {
    assert.equal(jobEnding(ended({}), null).to, "succeeded");
    assert.deepEqual(jobEnding(ended({ code: 1 }), null), {
      to: "failed",
      exitCode: 1,
      cause: { kind: "exited", code: 1 },
    });
  });

  it("says both for a code that may be a signal", () => {
    assert.deepEqual(jobEnding(ended({ code: 137, signal: "KILL" }), null).cause, {
      kind: "exited-or-killed",
      code: 137,
      signal: "SIGKILL",
    });
    assert.deepEqual(jobEnding(ended({ code: 255 }), null).cause, { kind: "exited", code: 255 });
  });

  it("names who cancelled and which limit was over", () => {
    assert.deepEqual(jobEnding(ended({ code: 143, why: { kind: "cancelled", by: "ada" } }), null), {
      to: "cancelled",
      exitCode: 143,
      cause: { kind: "cancelled", by: "ada" },
    });
    assert.deepEqual(jobEnding(ended({ code: 137, why: { kind: "time-limit" } }), 5_000), {
      to: "timed-out",
      exitCode: 137,
      cause: { kind: "time-limit", limitMs: 5_000 },
    });
  });

  it("is lost where the report makes no sense, or names a limit that there was not", () => {
    assert.match(
      JSON.stringify(jobEnding({ kind: "unusable", said: "ended 256" }, null)),
      /"lost".*makes no sense: ended 256/,
    );
    assert.equal(jobEnding(ended({ why: { kind: "time-limit" } }), null).to, "lost");
  });

  it("blames a reboot only where the boot changed, and else says lost", () => {
    assert.deepEqual(jobEnding({ kind: "rebooted", logBytes: 0 }, null), {
      to: "failed",
      exitCode: null,
      cause: { kind: "reboot" },
    });
    assert.equal(jobEnding({ kind: "vanished", logBytes: 0, processes: "ended" }, null).to, "lost");
  });
});

describe("the script's place", () => {
  it("is its folder and its name", () => {
    assert.deepEqual(placeOf("train.py"), { folder: "", file: "train.py" });
    assert.deepEqual(placeOf("./a//b c/train.py"), { folder: "a/b c", file: "train.py" });
  });

  it("hides a leading dash from the interpreter", () => {
    assert.deepEqual(placeOf("a/-c.py"), { folder: "a", file: "./-c.py" });
  });

  for (const path of ["/etc/passwd", "../x.py", "a/../../x.py", "..", "", "/"])
    it(`refuses ${JSON.stringify(path)}`, () => assert.throws(() => placeOf(path), RangeError));
});

describe("the runner's scripts", () => {
  const jobId = jobIdSchema.parse("j-0123456789abcdef");

  it("take no nonce that a shell would read as more than a word", () => {
    const options = { jobId, offset: 0, graceMs: 1, claim: false };
    assert.throws(() => followScript({ ...options, nonce: "a b; rm -rf /" }), RangeError);
    assert.throws(() => followScript({ ...options, nonce: "short" }), RangeError);
  });

  it("are one compound command", () => {
    const script = followScript({ jobId, nonce, offset: 0, graceMs: 1, claim: true });
    assert.ok(script.startsWith("{\n") && script.endsWith("\n}\n"));
  });
});
