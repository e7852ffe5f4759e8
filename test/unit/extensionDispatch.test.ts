import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import type { HostId, JobId } from "../../protocol/ids.ts";
import { problemOf } from "../../protocol/problem.ts";
import { argsText, parseArgs } from "../../extension/core/argsText.ts";
import { createDispatchMemory, type SentJob } from "../../extension/core/createDispatchMemory.ts";
import { shownFrom, shownTailBytes } from "../../extension/core/shownTail.ts";
import { createTerminalMemory } from "../../extension/core/createTerminalMemory.ts";
import { unknownFleet, withFleetData, type KnownHost } from "../../extension/core/fleetState.ts";
import {
  endNotice,
  endNotices,
  isEndTold,
  jobGrouping,
  jobGroupings,
  jobSettingIds,
} from "../../extension/core/jobSettings.ts";
import type { KeptState } from "../../extension/core/keptState.ts";
import { parseTask, taskExitCode, taskType } from "../../extension/core/taskDefinition.ts";
import { untitledScript } from "../../extension/core/untitledScript.ts";
import { whyNot } from "../../extension/core/whyNot.ts";
import { aHost } from "../support/fleetRecords.ts";

/** State as the editor keeps it: by value, over a reload. */
function aState(initial: Record<string, unknown> = {}): KeptState {
  const kept = new Map(Object.entries(initial).map(([key, value]) => [key, JSON.stringify(value)]));
  return {
    get: (key) => (kept.has(key) ? (JSON.parse(kept.get(key)!) as unknown) : undefined),
    update(key, value) {
      kept.set(key, JSON.stringify(value));
      return Promise.resolve();
    },
  };
}

function aSentJob(number: number, over: Partial<SentJob> = {}): SentJob {
  return {
    jobId: `j-${String(number).padStart(16, "0")}` as JobId,
    fleetId: "f-1",
    file: "file:///exp/a.py",
    root: "/exp",
    script: "a.py",
    hostId: "h-0000000000000001" as HostId,
    host: "rtx-box",
    args: [],
    scriptOnly: false,
    timeoutMs: null,
    endTold: false,
    ...over,
  };
}

describe("arguments that a person types", () => {
  it("are split as a shell does, and nothing is expanded", () => {
    const typed: [string, string[]][] = [
      ["", []],
      ["  --epochs 3  ", ["--epochs", "3"]],
      [`--name 'first try' "a \\"b\\"" ''`, ["--name", "first try", 'a "b"', ""]],
      [`$HOME *.py \\$x; rm`, ["$HOME", "*.py", "$x;", "rm"]],
    ];
    for (const [text, args] of typed) assert.deepEqual(parseArgs(text), { kind: "args", args }, text);
  });

  it("say so when a quote is not closed", () => {
    for (const text of [`--name "first`, "it's", "a \\"]) assert.equal(parseArgs(text).kind, "unclear", text);
  });

  it("are the same again after being shown", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (args) => {
        assert.deepEqual(parseArgs(argsText(args)), { kind: "args", args });
      }),
    );
  });
});

describe("what was dispatched from a workspace", () => {
  it("is remembered over a reload, newest first", () => {
    const state = aState();
    createDispatchMemory(state).add(aSentJob(1));
    createDispatchMemory(state).setArgs("file:///exp/a.py", ["--epochs", "3"]);
    createDispatchMemory(state).add(aSentJob(2, { file: "file:///exp/b.py", script: "b.py" }));
    const memory = createDispatchMemory(state);
    assert.deepEqual(memory.argsOf("file:///exp/a.py"), ["--epochs", "3"]);
    assert.equal(memory.last("f-1")?.script, "b.py");
    assert.equal(memory.last("f-1", "file:///exp/a.py")?.jobId, aSentJob(1).jobId);
    assert.equal(memory.last("f-2"), undefined);
    assert.equal(memory.of(aSentJob(2).jobId)?.script, "b.py");
  });

  it("is not that of a buffer that was closed, for the next one has its name", () => {
    const state = aState();
    const memory = createDispatchMemory(state);
    const file = "untitled:Untitled-1";
    memory.add(aSentJob(1, { file, root: null }));
    memory.add(aSentJob(2));
    memory.setArgs(file, ["--secret"]);
    memory.forgetBuffer(file);
    for (const now of [memory, createDispatchMemory(state)]) {
      assert.equal(now.last("f-1", file), undefined);
      assert.notEqual(now.of(aSentJob(1).jobId)?.file, file);
      assert.equal(now.of(aSentJob(2).jobId)?.file, aSentJob(2).file);
      assert.deepEqual(now.argsOf(file), []);
    }
  });

  it("keeps arguments that were edited, though nothing was sent", () => {
    const memory = createDispatchMemory(aState());
    memory.setArgs("file:///exp/a.py", ["-x"]);
    assert.deepEqual([memory.argsOf("file:///exp/a.py"), memory.argsOf("file:///exp/b.py")], [["-x"], []]);
  });

  it("keeps whether a file is sent alone beside its arguments, and that nobody chose yet", () => {
    const file = "file:///exp/a.py";
    const state = aState({ "hwledger.arguments": [{ file, args: ["-x"] }] });
    const memory = createDispatchMemory(state);
    assert.equal(memory.scriptOnlyOf(file), undefined);
    memory.setScriptOnly(file, false);
    memory.setArgs(file, ["-y"]);
    memory.setScriptOnly("file:///exp/b.py", true);
    const later = createDispatchMemory(state);
    assert.deepEqual([later.scriptOnlyOf(file), later.argsOf(file)], [false, ["-y"]]);
    assert.deepEqual([later.scriptOnlyOf("file:///exp/b.py"), later.argsOf("file:///exp/b.py")], [true, []]);
  });

  it("tells of each end once", () => {
    const memory = createDispatchMemory(aState());
    memory.add(aSentJob(1));
    memory.add(aSentJob(2));
    memory.told(aSentJob(1).jobId);
    assert.deepEqual(
      memory.untold().map(({ jobId }) => jobId),
      [aSentJob(2).jobId],
    );
  });

  it("is bounded, and empty when it cannot be read", () => {
    const memory = createDispatchMemory(aState());
    for (let number = 0; number < 250; number += 1) memory.add(aSentJob(number));
    assert.equal(memory.untold().length, 200);
    const broken = aState({
      "hwledger.sent": [{ jobId: 7 }],
      "hwledger.arguments": "x",
      "hwledger.terminals": {},
    });
    assert.equal(createDispatchMemory(broken).last("f-1"), undefined);
    assert.deepEqual(createDispatchMemory(broken).argsOf("file:///exp/a.py"), []);
    assert.deepEqual(createTerminalMemory(broken).all(), []);
  });

  it("shows the last part of a long log, and after a reload nothing from before a terminal's beginning", () => {
    assert.equal(shownFrom(1_000), 0);
    assert.equal(shownFrom(shownTailBytes + 7), 7);
    assert.equal(shownFrom(1_000, 300), 300);
    assert.equal(shownFrom(1_024 * 1_048_576, 300), 1_024 * 1_048_576 - shownTailBytes);
  });

  it("has its open terminals, each once, in their order", () => {
    const memory = createTerminalMemory(aState());
    const terminal = (number: number) => {
      const { jobId, fleetId } = aSentJob(number);
      return { jobId, fleetId, label: `${number}`, fromByte: number, source: null };
    };
    for (const number of [1, 2, 1, 3]) memory.add(terminal(number));
    memory.remove(terminal(3).jobId);
    assert.deepEqual(memory.all(), [terminal(2), terminal(1)]);
  });
});

describe("a buffer that is in no file", () => {
  it("has a name with the ending of its language, or what its first line says", () => {
    const names = [
      ["Untitled-1", "python", "untitled-1.py"],
      ["Untitled-2", "shellscript", "untitled-2.sh"],
      ["Untitled-3", "plaintext", "untitled-3"],
      ["/exp/new file.py", "python", "new file.py"],
      ["C:\\exp\\new.jl", "julia", "new.jl"],
      ["Ohne Titel-1", "r", "ohne-titel-1.r"],
    ] as const;
    for (const [label, language, name] of names) assert.equal(untitledScript(label, language), name);
  });
});

describe("a host that is to take a job again", () => {
  const known = (over: Parameters<typeof aHost>[0]): KnownHost | undefined => {
    const data = { kind: "fleet" as const, hosts: [aHost(over)], jobs: [], removedHostIds: [] };
    return [...withFleetData(unknownFleet, data, { whole: true, nowMs: 0 }).hosts.values()][0];
  };

  it("is refused with the reason when it is gone, silent, or out of reach", () => {
    const live = { kind: "live" } as const;
    assert.equal(whyNot(known({}), live, 0), null);
    assert.equal(whyNot(undefined, live, 0), "it is no longer in the fleet");
    const offline = known({ status: { kind: "offline", lastSeenAtMs: 0, silentMs: 180_000 } });
    assert.equal(whyNot(offline, live, 0), "offline, seen 3 min ago");
    const problem = problemOf("service-unreachable", { url: "x", reason: "gone" });
    assert.match(whyNot(known({}), { kind: "lost", sinceMs: 0, problem }, 0) ?? "", /^seen/);
  });
});

describe("the settings about jobs", () => {
  it("have the values and defaults that package.json offers", async () => {
    const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
    type Properties = Record<string, { enum: string[]; default: string }>;
    const manifest = JSON.parse(text) as { contributes: { configuration: { properties: Properties } } };
    const { properties } = manifest.contributes.configuration;
    const [groupBy, notify] = [properties[jobSettingIds.groupBy], properties[jobSettingIds.notify]];
    assert.deepEqual([groupBy?.enum, notify?.enum], [jobGroupings, endNotices]);
    for (const wrong of [undefined, "x", 3]) {
      assert.equal(jobGrouping(wrong), groupBy?.default);
      assert.equal(endNotice(wrong), notify?.default);
    }
    assert.deepEqual([jobGrouping("host"), endNotice("never")], ["host", "never"]);
  });

  it("have the end of a job told unless it is short and in front of the person", () => {
    const took = (ms: number) => ({ createdAtMs: 5_000, endedAtMs: 5_000 + ms });
    const told = (setting: (typeof endNotices)[number]) =>
      [took(59_000), took(61_000)].flatMap((job) =>
        [false, true].map((shown) => isEndTold(setting, job, shown)),
      );
    assert.deepEqual(told("whenNotVisible"), [true, false, true, true]);
    assert.deepEqual(told("always"), [true, true, true, true]);
    assert.deepEqual(told("never"), [false, false, false, false]);
  });
});

describe("a task", () => {
  it("is a script with a host and arguments, or none of ours", () => {
    assert.deepEqual(parseTask({ type: "hwledger", script: "a.py" }), {
      type: "hwledger",
      script: "a.py",
      args: [],
    });
    const whole = { type: "hwledger", script: "a.py", host: "rtx-box", args: ["a b"] };
    assert.deepEqual(parseTask({ ...whole, label: "train" }), whole);
    for (const wrong of [
      { ...whole, script: "" },
      { ...whole, type: "shell" },
      { ...whole, args: "a b" },
      null,
    ])
      assert.equal(parseTask(wrong), null);
  });

  it("ends with the job's exit code, and never with 0 when there is none", () => {
    assert.deepEqual(
      [0, 3, null].map((exitCode) => taskExitCode({ exitCode })),
      [0, 3, 255],
    );
    assert.equal(taskExitCode(null), 255);
  });

  it("has the type that package.json declares", async () => {
    const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
    const { contributes } = JSON.parse(text) as { contributes: { taskDefinitions: { type: string }[] } };
    assert.deepEqual(
      contributes.taskDefinitions.map(({ type }) => type),
      [taskType],
    );
  });
});
