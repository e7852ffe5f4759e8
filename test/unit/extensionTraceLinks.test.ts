import assert from "node:assert/strict";
import { localFile, sentFolder } from "../../extension/core/localPlace.ts";
import { traceLinks, type TracedJob } from "../../extension/core/traceLinks.ts";

const work = "/home/ada/.hwledger/jobs/j-0123456789abcdef/work";
const atTop: TracedJob = { directory: work, script: "train it.py" };
const below: TracedJob = { directory: `${work}/src`, script: "src/train.py" };

/** Each link as the text it covers and where it leads. */
function linksOf(line: string, job: TracedJob = atTop): string[] {
  return traceLinks(line, job).map(({ startIndex, length, paths, line: at, column }) => {
    const text = line.slice(startIndex, startIndex + length);
    return `${text} -> ${paths.join(" or ")} ${at}:${column}`;
  });
}

describe("places that a log names", () => {
  it("of Python's tracebacks lead to the file that was sent", () => {
    assert.deepEqual(linksOf(`  File "${work}/lib/x.py", line 12, in greeting`), [
      `${work}/lib/x.py", line 12 -> lib/x.py 12:1`,
    ]);
    assert.deepEqual(linksOf(`  File "${work}/train it's.py", line 3`), [
      `${work}/train it's.py", line 3 -> train it's.py 3:1`,
    ]);
    assert.deepEqual(linksOf(`  File "src/lib/my file.py", line 3, in <module>`), [
      `src/lib/my file.py", line 3 -> src/lib/my file.py 3:1`,
    ]);
  });

  it("of other tools do, too", () => {
    const underHome = work.replace(/^.*(?=\/\.hwledger)/, "~");
    const lines: [string, string][] = [
      [`${work}/a b.js:7`, `${work}/a b.js:7 -> a b.js 7:1`],
      [`    at f (${work}/a.js:7:21)`, `${work}/a.js:7:21 -> a.js 7:21`],
      [`file://${work}/a%20b.mjs:7:21`, `${work}/a%20b.mjs:7:21 -> a b.mjs 7:21`],
      [`a.sh: line 4: nope: command not found`, `a.sh: line 4 -> a.sh 4:1`],
      [`Died at lib/a.pl line 9.`, `lib/a.pl line 9 -> lib/a.pl 9:1`],
      [`   @ Main ${underHome}/a.jl:3`, `${underHome}/a.jl:3 -> a.jl 3:1`],
      [`./lib/naïve_ü.rb:3:in 'f'`, `./lib/naïve_ü.rb:3 -> lib/naïve_ü.rb 3:1`],
      [`"lib/my file.c":3: error`, `lib/my file.c":3 -> lib/my file.c 3:1`],
    ];
    for (const [line, link] of lines) assert.deepEqual(linksOf(line), [link], line);
  });

  it("that are relative may mean the folder it ran in, or all that was sent", () => {
    assert.deepEqual(linksOf("lib/x.py:3", below), ["lib/x.py:3 -> src/lib/x.py or lib/x.py 3:1"]);
    assert.deepEqual(linksOf("../lib/x.py:3", below), ["../lib/x.py:3 -> lib/x.py 3:1"]);
    assert.deepEqual(linksOf(`${work}/lib/x.py:3`, below), [`${work}/lib/x.py:3 -> lib/x.py 3:1`]);
  });

  it("are found all, in one line", () => {
    assert.deepEqual(linksOf(`a.c:1: from ${work}/b.c:2:3, "c d.c":4`), [
      "a.c:1 -> a.c 1:1",
      `${work}/b.c:2:3 -> b.c 2:3`,
      `c d.c":4 -> c d.c 4:1`,
    ]);
  });

  it("outside of what was sent are none, nor is what only looks like one", () => {
    const lines = [
      `  File "/usr/lib/python3.11/runpy.py", line 12, in f`,
      `${work}/../other/x.py:3`,
      "../x.py:3",
      "loss 0.5:3, at 12:30, ratio 3.14:1",
      "127.0.0.1:8080 -> [::1]:443",
      `${"x".repeat(5_000)} a.py:3`,
    ];
    for (const line of lines) assert.deepEqual(linksOf(line), [], line.slice(0, 80));
    assert.deepEqual(linksOf("a.py:3", { directory: null, script: "a.py" }), []);
  });

  it("take no time to speak of in a hostile line", () => {
    for (const part of ["a.", "a/", `"a`, `${work}/`, "a line "])
      assert.deepEqual(linksOf(part.repeat(4_000).slice(0, 4_000)), []);
  });
});

describe("a local place", () => {
  it("is found in the folder that was sent, on every system", () => {
    assert.equal(localFile("/home/ada/my exp", "lib/x.py"), "/home/ada/my exp/lib/x.py");
    assert.equal(
      localFile("c:\\Users\\Ada Lovelace\\exp", "lib/x.py"),
      "c:\\Users\\Ada Lovelace\\exp\\lib\\x.py",
    );
    assert.equal(localFile("\\\\nas\\share", "lib/x.py"), "\\\\nas\\share\\lib\\x.py");
  });

  it("tells the folder from the script's path in it", () => {
    const folders: [string, string, string | null][] = [
      ["/home/ada/exp/src/a.py", "src/a.py", "/home/ada/exp"],
      ["c:\\exp\\src\\a b.py", "src/a b.py", "c:\\exp"],
      ["C:\\a.py", "a.py", "C:\\"],
      ["/a.py", "a.py", "/"],
      ["/link/a.py", "src/a.py", null],
      ["/exp/bigsrc/a.py", "src/a.py", null],
    ];
    for (const [file, script, folder] of folders) assert.equal(sentFolder(file, script), folder, file);
  });
});
