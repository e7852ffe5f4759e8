import assert from "node:assert/strict";
import { launchOf, pythonOfVenv, type Launch } from "../../protocol/launch.ts";

const venv = "/home/ada/venv/bin/python";
const path = (program: string, ...flags: string[]): Launch => ({ kind: "path", path: program, flags });
const named = (language: string, candidates: string[], ...flags: string[]): Launch => ({
  kind: "named",
  candidates,
  flags,
  language,
});

const cases: [string, string, string, string | null, Launch | null][] = [
  ["Python by its ending, unbuffered", "train.py", "", null, named("Python", ["python3", "python"], "-u")],
  ["the ending in capitals", "TRAIN.PY", "", null, named("Python", ["python3", "python"], "-u")],
  ["a venv for .py", "train.py", "", venv, path(venv, "-u")],
  ["a venv for .py whatever its first line says", "train.py", "#!/usr/bin/python2", venv, path(venv, "-u")],
  ["a venv for a Python first line", "train", "#!/usr/bin/env python3", venv, path(venv, "-u")],
  ["a venv where nothing else says how", "train", "import os", venv, path(venv, "-u")],
  ["no venv for a shell script", "run.sh", "", venv, named("shell", ["sh"])],
  ["no venv for another first line", "run", "#!/bin/bash", venv, path("/bin/bash")],
  ["the ending .sh", "run.sh", "echo", null, named("shell", ["sh"])],
  ["the first line before the ending", "run.sh", "#!/bin/bash", null, path("/bin/bash")],
  ["JavaScript", "a.js", "", null, named("JavaScript", ["node", "nodejs"])],
  ["JavaScript modules", "a.mjs", "", null, named("JavaScript", ["node", "nodejs"])],
  ["one flag, as the kernel passes it", "run", "#!/bin/bash -e -x", null, path("/bin/bash", "-e -x")],
  ["spaces after #!", "run", "#! /bin/sh", null, path("/bin/sh")],
  ["a line end of Windows", "run", "#!/bin/sh\r", null, path("/bin/sh")],
  ["env", "run", "#!/usr/bin/env bash", null, named("bash", ["bash"])],
  ["env with Python, unbuffered", "run", "#!/usr/bin/env python3", null, named("Python", ["python3"], "-u")],
  [
    "a Python by path, unbuffered",
    "run",
    "#!/opt/py/bin/python3.12 -I",
    null,
    path("/opt/py/bin/python3.12", "-u", "-I"),
  ],
  [
    "env -S",
    "run",
    "#!/usr/bin/env -S node --trace-warnings",
    null,
    named("node", ["node"], "--trace-warnings"),
  ],
  ["env -S without a space", "run", "#!/usr/bin/env -Sperl -w", null, named("perl", ["perl"], "-w")],
  [
    "env -S with -u already",
    "run",
    "#!/usr/bin/env -S python3 -u -X dev",
    null,
    named("Python", ["python3"], "-u", "-X", "dev"),
  ],
  ["nothing for env with settings", "run", "#!/usr/bin/env A=1 sh", null, null],
  ["nothing for env with options", "run", "#!/usr/bin/env -i sh", null, null],
  ["nothing for env alone", "run", "#!/usr/bin/env", null, null],
  ["nothing without ending and first line", "run", "hello", null, null],
  ["nothing for an unknown ending", "model.bin", "\u0000\u0001", null, null],
  ["nothing for #! alone", "run", "#!", null, null],
];

describe("what starts a script", () => {
  for (const [what, script, firstLine, python, expected] of cases)
    it(`is found: ${what}`, () => {
      assert.deepEqual(launchOf(script, firstLine, python), expected);
    });

  it("is the Python of a venv's folder", () => {
    assert.equal(pythonOfVenv("~/envs/torch/"), "~/envs/torch/bin/python");
  });
});
