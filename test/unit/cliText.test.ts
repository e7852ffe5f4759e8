import assert from "node:assert/strict";
import type { HostId, PromptId } from "../../protocol/ids.ts";
import { fitToScreen } from "../../service/cli/openScreen.ts";
import { notStarted } from "../../service/cli/notStarted.ts";
import { rateText } from "../../service/cli/render/figures.ts";
import { barText, hostListText } from "../../service/cli/render/hostListText.ts";
import { hostText } from "../../service/cli/render/hostText.ts";
import {
  cancelText,
  jobEndText,
  jobListText,
  jobText,
  startedText,
} from "../../service/cli/render/jobText.ts";
import { eventText, verdictText } from "../../service/cli/render/ledgerText.ts";
import { problemText } from "../../service/cli/render/problemText.ts";
import { promptText } from "../../service/cli/render/promptText.ts";
import { styleFor } from "../../service/cli/terminal.ts";
import { problemOf } from "../../protocol/problem.ts";
import { aGpu, aHost, aJob, aReading } from "../support/fleetRecords.ts";

const plain = styleFor({ isTTY: false }, {});
const coloured = styleFor({ isTTY: true }, {});

describe("host ls", () => {
  it("aligns a line for each GPU, with the host's cells on its first", () => {
    const reading = aReading({ gpus: [aGpu(), aGpu({ uuid: "GPU-1", utilizationPct: { value: 4.4 } })] });
    const hosts = [
      aHost({ reading, rateMicroUsdPerHour: 1_290_000 }),
      aHost({
        id: "h-2" as HostId,
        name: "cpu",
        reading: aReading({ gpus: [], cpuPct: { unsupported: "error" } }),
      }),
    ];
    assert.equal(
      hostListText(hosts, 2_000, plain),
      [
        "HOST     STATUS     RATE  CPU  GPU               UTIL         MEMORY   TEMP  POWER  USE",
        "rtx-box  online  $1.29/h  5 %  GeForce RTX 3090  37 %  11.8/24.0 GiB  62 °C  210 W  free",
        "                               GeForce RTX 3090   4 %  11.8/24.0 GiB  62 °C  210 W  free",
        "cpu      online        –    –  no GPU",
      ].join("\n"),
    );
  });

  it("shows dashes and the age instead of figures that are old", () => {
    const host = aHost({
      status: { kind: "offline", lastSeenAtMs: 1_000, silentMs: 3_600_000 },
    });
    const text = hostListText([host], 3_601_000, plain);
    assert.match(text, /rtx-box {2}offline, silent for 1 h {2}.*– +– +– +– {2}read 1 h ago$/m);
    assert.doesNotMatch(text, /37 %/);
  });

  it("does not pass a GPU's old figures for now while its host answers", () => {
    const reading = aReading({ atMs: 600_000, gpus: [aGpu({ atMs: 1_000 })] });
    const text = hostListText(
      [aHost({ reading, status: { kind: "online", lastSeenAtMs: 600_000 } })],
      601_000,
      plain,
    );
    assert.match(text, /GeForce RTX 3090 +– +– +– +– {2}read 10 min ago$/m);
  });

  it("tells a tool that failed from a host without GPUs", () => {
    const reading = aReading({ gpus: [], gpuProblem: { code: "driver-mismatch", detail: "reboot" } });
    assert.match(hostListText([aHost({ reading })], 2_000, plain), /unknown: driver-mismatch$/m);
  });

  it("lets no control character of a host reach the terminal", () => {
    const host = aHost({ reading: aReading({ gpus: [aGpu({ name: "evil\u001b]0;x\u0007" })] }) });
    const text = hostListText([host], 2_000, plain);
    assert.ok(text.includes("evil?]0;x?"), text);
  });

  it("says how to add a host when there is none", () => {
    assert.match(hostListText([], 0, plain), /hwledger host add/);
  });
});

describe("host show", () => {
  it("says why a figure is missing", () => {
    const reading = aReading({ gpus: [aGpu({ powerW: { unsupported: "denied" } })] });
    const text = hostText(aHost({ reading }), 2_000, plain);
    assert.match(text, /power – \(this login may not read it\)/);
    assert.match(text, /^system {2}Debian 12$/m);
    assert.doesNotMatch(text, /fault|held back/);
  });
  it("says what ails a GPU and what holds it back", () => {
    const reasons = [{ code: "row-remap-pending", text: "a bad row \u001b[2J waits" }];
    const gpu = aGpu({ health: { kind: "fault", reasons }, throttle: ["hw-thermal", "one-of-tomorrow"] });
    const text = hostText(aHost({ reading: aReading({ gpus: [gpu] }) }), 2_000, plain);
    assert.match(
      text,
      /· fault: a bad row .*waits · held back by its temperature, by the hardware · held back by one-of-tomorrow$/m,
    );
    assert.ok(!text.includes("\u001b"));
  });
});

describe("figures", () => {
  it("show a rate with cents, or with what it needs", () => {
    assert.equal(rateText(420_000), "$0.42/h");
    assert.equal(rateText(2_000_000), "$2.00/h");
    assert.equal(rateText(4_500), "$0.0045/h");
    assert.equal(rateText(null), "–");
  });

  it("have bars that never leave their ten cells", () => {
    assert.equal(barText(37, plain), "████░░░░░░");
    assert.equal(barText(-5, plain), "░░░░░░░░░░");
    assert.equal(barText(250, plain), "██████████");
  });
});

describe("job texts", () => {
  const ended = aJob({
    state: "failed",
    exitCode: 3,
    endedAtMs: 13_000,
    cause: { kind: "exited", code: 3 },
    logComplete: true,
    logBytes: 10,
  });

  it("say how a job ended", () => {
    assert.equal(jobEndText(ended), "exit 3 after 12 s");
  });

  it("never call a log complete that is not", () => {
    const lost = aJob({
      state: "lost",
      endedAtMs: 13_000,
      cause: { kind: "lost", detail: "its folder is gone" },
      logBytes: 77,
    });
    assert.equal(jobEndText(lost), "lost: its folder is gone after 12 s; the log broke off at byte 77");
    const shown = jobText(lost, 20_000, plain);
    assert.match(shown, /^state +lost: its folder is gone$/m);
    assert.match(shown, /^log +77 B, broken off$/m);
  });

  it("list jobs", () => {
    const [head = "", row = ""] = jobListText([ended], 20_000, plain).split("\n");
    assert.match(head, /^JOB +STATE +EXIT +HOST +SCRIPT +TIME +DISPATCHED +BY$/);
    assert.match(row, /^j-0000000000000001 {2}failed {5}3 {2}rtx-box {2}src\/train.py {2}12 s .* ada$/);
  });

  it("tell where a dispatched job is, and how to follow it", () => {
    assert.equal(
      startedText(aJob()),
      [
        "j-0000000000000001 runs on rtx-box in /home/ada/.hwledger/jobs/j-1/work",
        "Follow it:  hwledger logs j-0000000000000001 --follow",
        "End it:     hwledger cancel j-0000000000000001",
      ].join("\n"),
    );
    assert.match(startedText(ended), /^j-\S+ ran on rtx-box .*: exit 3 after 12 s\nIts log: /);
    assert.match(
      startedText(aJob({ state: "syncing", directory: null })),
      /is on its way to rtx-box \(syncing\)/,
    );
  });

  it("turn a start that failed into its problem with the next step filled in", () => {
    const cause = {
      kind: "not-started" as const,
      code: "needs-login",
      title: "The host needs somebody to log in",
      detail: "x",
    };
    const problem = notStarted(aJob({ state: "failed", cause }));
    assert.equal(
      problem?.next,
      "Run `hwledger host login rtx-box` in a terminal, or connect from the editor.",
    );
    assert.deepEqual(problem.facts, { jobId: "j-0000000000000001", host: "rtx-box" });
    assert.equal(notStarted(ended), null);
  });

  it("advise another Python only where a Python is missing", () => {
    const next = (candidates: string, script: string): string => {
      const { title, detail } = problemOf("interpreter-missing", { host: "box", candidates, script });
      const cause = { kind: "not-started" as const, code: "interpreter-missing", title, detail };
      return notStarted(aJob({ cause, script }))?.next ?? "";
    };
    assert.match(next("python3, python", "a.py"), /Another Python is named with --python PATH/);
    assert.equal(next("node, nodejs", "a.js"), "Install it there, or dispatch to a host that has it.");
  });

  it("fall back to the host where a newer service sends a code this version does not know", () => {
    const cause = { kind: "not-started" as const, code: "moon-phase", title: "Full moon", detail: "Wait." };
    assert.match(notStarted(aJob({ cause }))?.next ?? "", /hwledger host show rtx-box/);
  });
});

describe("ledger texts", () => {
  it("name the first bad event", () => {
    const verdict = {
      ok: false,
      events: 9,
      head: "ff",
      firstBad: { seq: 4, reason: "The payload was changed.", expected: "aa", found: "bb" },
    };
    assert.equal(
      verdictText(verdict, plain),
      "The ledger does NOT hold: event 4 of 9 is bad.\nThe payload was changed.\nexpected  aa\nfound     bb",
    );
  });

  it("keep an event to one line", () => {
    const event = {
      seq: 7,
      atMs: 0,
      schema: 1,
      type: "job.queued",
      actor: "user/ada",
      payload: { args: ["x\ny".repeat(200)] },
      prev: "",
      hash: "",
    };
    const text = eventText(event, plain);
    assert.match(text, /^ {4}7 {2}\S+ \S+ {2}job\.queued {12}ada /);
    assert.ok(!text.includes("\n") && text.endsWith("…"));
  });
});

describe("problems and questions", () => {
  it("say what happened, the facts and what to do next", () => {
    assert.equal(
      problemText(problemOf("job-ended", { job: "j-1", state: "failed" }), plain),
      "The job has already ended. j-1 is failed.\n→ It cannot be cancelled any more; `hwledger job show j-1` tells how it ended.",
    );
  });

  it("show a host key's fingerprint once", () => {
    const prompt = {
      id: "p-0000000000000001" as PromptId,
      hostId: null,
      host: "box",
      kind: "host-key" as const,
      text: "box (192.0.2.7) shows an ED25519 key nobody has vouched for.",
      secret: false,
      fingerprint: "SHA256:abc",
      askedAtMs: 0,
      expiresAtMs: 1,
    };
    assert.match(
      promptText(prompt),
      /vouched for\.\n {2}SHA256:abc\nCompare it with what the owner of box sees\. Type yes to trust it: $/,
    );
    assert.equal(promptText({ ...prompt, text: "It shows SHA256:abc." }).split("SHA256:abc").length, 2);
    assert.equal(promptText({ ...prompt, kind: "password", text: "Password" }), "box: Password: ");
  });
});

describe("a log that the service cannot keep", () => {
  it("names the service's disk, not the host", () => {
    const logStall = { sinceMs: 0, atByte: 7, reason: "the disk is full" };
    assert.match(
      jobText(aJob({ state: "running", logStall }), 0, plain),
      /log .*waits at byte 7: the disk is full/,
    );
  });
});

describe("the terminal", () => {
  it("gets colours only when it is one and nobody objects", () => {
    assert.equal(coloured.red("x"), "\u001b[31mx\u001b[39m");
    assert.equal(plain.red("x"), "x");
    assert.equal(styleFor({ isTTY: true }, { NO_COLOR: "1" }).red("x"), "x");
  });

  it("is never drawn over: lines are cut to its width, styles not counted, and to its height", () => {
    assert.deepEqual(fitToScreen(`${coloured.red("abcdef")}gh`, 4, 0), ["\u001b[31mabcd\u001b[39m"]);
    assert.deepEqual(fitToScreen("a\nb\nc\nd", 80, 4), ["a", "b", "… 2 more lines"]);
    assert.deepEqual(fitToScreen("a\nb\nc", 80, 4), ["a", "b", "c"]);
  });
});

describe("cancel", () => {
  it("says when it takes effect on a host that is out of contact, and what helps when that is gone for good", () => {
    const here = aJob({ host: "box", contact: { kind: "ok" } });
    assert.match(cancelText(here, 0), /on box is asked to end/);
    const contact = { kind: "lost", sinceMs: 1_000, atByte: 5, reason: "no route to it" } as const;
    const text = cancelText(aJob({ host: "box", contact }), 301_000);
    assert.match(text, /will be cancelled when box answers again: .* for 5 min \(no route to it\)\./);
    assert.match(text, /hwledger host rm box --force$/);
  });
});
