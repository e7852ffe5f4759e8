import assert from "node:assert/strict";
import fc from "fast-check";
import type { JobCause, JobRecord } from "../../protocol/job.ts";
import { problemOf } from "../../protocol/problem.ts";
import { createLogText } from "../../extension/core/createLogText.ts";
import { createTranscript } from "../../extension/core/createTranscript.ts";
import { jobOutcomeText } from "../../extension/core/jobText.ts";
import { aJob } from "../support/fleetRecords.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
// eslint-disable-next-line no-control-regex -- styling is taken out to compare words
const plain = (text: string) => text.replaceAll(/\x1b\[[?0-9;]*[a-zA-Z]/g, "");
const ended = (over: Partial<JobRecord>) =>
  aJob({ startedAtMs: 1_000, endedAtMs: 13_000, logComplete: true, ...over });

describe("the text of a log", () => {
  it("is the same however its bytes are cut, with a return before every line feed", () => {
    const alphabet = fc.constantFrom("a", "ä", "🙂", "\n", "\r", "\r\n", "\x1b[31m");
    fc.assert(
      fc.property(fc.array(alphabet), fc.array(fc.nat(7)), (parts, cuts) => {
        const whole = parts.join("");
        const all = bytes(whole);
        const log = createLogText();
        let shown = "";
        let at = 0;
        for (const cut of cuts) {
          shown += log.next(all.subarray(at, at + cut));
          at += cut;
        }
        shown += log.next(all.subarray(at)) + log.end();
        assert.equal(shown, whole.replaceAll(/(?<!\r)\n/g, "\r\n"));
      }),
    );
  });

  it("passes a lone return, shows invalid bytes as U+FFFD and keeps a byte order mark", () => {
    const log = createLogText();
    assert.equal(log.next(bytes("\ufeff50%\r100%")), "\ufeff50%\r100%");
    assert.equal(log.next(Uint8Array.of(0xff, 0xe2, 0x82)), "\ufffd");
    assert.equal(log.end(), "\ufffd");
  });
});

describe("what a log terminal shows", () => {
  it("begins with what was sent, where and in which folder, and ends with the exit code", () => {
    const transcript = createTranscript({ fromByte: 0, source: "/home/me/project" });
    let text = transcript.job(aJob({ state: "placed", startedAtMs: null }));
    text += transcript.job(aJob());
    text += transcript.log(bytes("hello\nworld"));
    text += transcript.job(
      ended({ state: "failed", exitCode: 3, cause: { kind: "exited", code: 3 }, logBytes: 11 }),
    );
    assert.equal(
      plain(text),
      [
        "— train.py → rtx-box —",
        "— sent 10.0 KiB from /home/me/project, job j-0000000000000001 —",
        "— /usr/bin/python3 src/train.py, in /home/ada/.hwledger/jobs/j-1/work —",
        "hello",
        "world",
        "— exit 3 after 12 s —",
        "",
      ].join("\r\n"),
    );
    assert.equal(transcript.isOver, true);
    assert.equal(transcript.logEnd(), "");
  });

  it("does not tell the end before the last byte came", () => {
    const transcript = createTranscript({ fromByte: 0, source: null });
    const done = ended({ state: "succeeded", exitCode: 0, cause: { kind: "exited", code: 0 }, logBytes: 4 });
    assert.ok(!transcript.job(done).includes("exit 0"));
    assert.match(transcript.log(bytes("abcd")), /abcd[^]*exit 0 after 12 s/);
  });

  it("says when contact breaks, with the host and with the service, and when it is back", () => {
    const transcript = createTranscript({ fromByte: 0, source: null });
    transcript.job(aJob());
    transcript.log(bytes("ab"));
    const gone = { kind: "lost", sinceMs: 0, atByte: 2, reason: "no route" } as const;
    assert.match(
      plain(transcript.job(aJob({ contact: gone }))),
      /lost contact with rtx-box at byte 2: no route/,
    );
    assert.equal(transcript.job(aJob({ contact: gone })), "");
    assert.match(plain(transcript.job(aJob())), /rtx-box answers again/);
    const problem = problemOf("service-unreachable", { url: "u", reason: "nothing listens there" });
    const line = plain(transcript.contact({ kind: "lost", sinceMs: 0, problem }));
    assert.match(line, /lost contact with the service at byte 2/);
    assert.equal(transcript.contact({ kind: "lost", sinceMs: 0, problem }), "");
    assert.match(plain(transcript.contact({ kind: "live" })), /connected again/);
    const refused = (code: "service-untrusted" | "certificate-expired") => {
      const facts = { url: "https://x", reason: "no" };
      return { kind: "refused", sinceMs: 0, problem: problemOf(code, facts) } as const;
    };
    assert.match(
      plain(transcript.contact(refused("service-untrusted"))),
      /lost contact .*: https:\/\/x does not prove/,
    );
    assert.equal(transcript.contact({ kind: "lost", sinceMs: 0, problem }), "");
    assert.equal(transcript.contact(refused("service-untrusted")), "");
    assert.match(plain(transcript.contact(refused("certificate-expired"))), /has run out/);
    assert.match(plain(transcript.contact({ kind: "live" })), /connected again/);
  });

  it("says once that the service cannot keep the log, and whose disk it is", () => {
    const transcript = createTranscript({ fromByte: 0, source: null });
    transcript.job(aJob());
    const logStall = { sinceMs: 0, atByte: 2, reason: "the disk of the service's machine is full (ENOSPC)" };
    assert.match(plain(transcript.job(aJob({ logStall }))), /waits at byte 2: the disk of the service's/);
    assert.equal(transcript.job(aJob({ logStall: { ...logStall, atByte: 3 } })), "");
    assert.equal(transcript.job(aJob({ logStall: null })), "");
    assert.match(plain(transcript.job(aJob({ logStall }))), /waits at byte 2/);
  });

  it("shows names with control characters without obeying them", () => {
    const transcript = createTranscript({ fromByte: 0, source: null });
    const text = transcript.job(aJob({ script: "a\x1b]0;evil\x07b.py", args: ["x\ny"] }));
    assert.ok(!text.includes("\x1b]"));
    assert.ok(plain(text).includes("a?]0;evil?b.py x?y"));
  });

  it("says what part of a long log is left out", () => {
    const transcript = createTranscript({ fromByte: 2_048, source: null });
    assert.match(plain(transcript.job(aJob())), /the first 2\.0 KiB of its log are not shown/);
  });
});

describe("the words for how a job ended", () => {
  const cases: [JobCause, JobRecord["state"], string][] = [
    [{ kind: "exited", code: 0 }, "succeeded", "exit 0 after 12 s"],
    [
      { kind: "exited-or-killed", code: 137, signal: "KILL" },
      "failed",
      "exit 137 (or killed by KILL) after 12 s",
    ],
    [{ kind: "cancelled", by: "ada" }, "cancelled", "cancelled by ada after 12 s"],
    [{ kind: "time-limit", limitMs: 60_000 }, "timed-out", "stopped at its time limit of 1 min"],
    [
      {
        kind: "not-started",
        code: "interpreter-missing",
        title: "The interpreter is not on the host",
        detail: "No python3.",
      },
      "failed",
      "never started: The interpreter is not on the host. No python3.",
    ],
    [{ kind: "reboot" }, "lost", "lost: rtx-box was restarted after 12 s"],
    [{ kind: "lost", detail: "its folder is gone" }, "lost", "lost: its folder is gone"],
  ];
  for (const [cause, state, text] of cases)
    it(`are "${text}"`, () => assert.equal(jobOutcomeText(ended({ cause, state })), text));
});
