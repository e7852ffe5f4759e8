import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../../protocol/problem.ts";
import { inlineWorkspaceLimitBytes } from "../../protocol/routes/jobRoutes.ts";
import { refusalOf } from "../support/refusalOf.ts";
import { sentDispatch } from "../support/sentDispatch.ts";
import { aSourceTree, type SourceTree } from "../support/sourceTree.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("what an editor holds unsaved", function () {
  this.timeout(20_000);
  let tree: SourceTree;

  beforeEach(() => {
    tree = aSourceTree();
  });
  afterEach(() => tree.remove());

  const namesOf = (tar: Buffer) =>
    execFileSync("tar", ["-tf", "-"], { input: tar, encoding: "utf8" }).trim().split("\n");
  const contentOf = (tar: Buffer, name: string) =>
    execFileSync("tar", ["-xOf", "-", name], { input: tar, encoding: "utf8" });

  it("is sent in place of the files on disk, which stay as they were", async () => {
    const file = tree.put("main.py", "print(1)");
    const lib = tree.put("lib/a.py", "old");
    const unsaved = new Map([
      [file, bytes("print(22222)\r\n")],
      [lib, bytes("")],
    ]);
    const { tar } = await sentDispatch({ file, unsaved });
    assert.deepEqual(namesOf(tar), ["lib/a.py", "main.py"]);
    assert.deepEqual(
      ["main.py", "lib/a.py"].map((name) => contentOf(tar, name)),
      ["print(22222)\r\n", ""],
    );
    assert.equal(readFileSync(file, "utf8"), "print(1)");
  });

  it("goes nowhere when its file is not part of what is sent", async () => {
    const file = tree.put("main.py");
    tree.git("init", "-q");
    tree.put(".gitignore", "secret\n");
    const unsaved = new Map([
      [tree.put("secret"), bytes("typed")],
      [join(tree.root, "gone", "a.py"), bytes("typed")],
      ["/elsewhere/b.py", bytes("typed")],
    ]);
    const { tar } = await sentDispatch({ file, unsaved });
    assert.deepEqual(namesOf(tar), [".gitignore", "main.py"]);
    const alone = await sentDispatch({ file, unsaved, workspace: "script" });
    assert.deepEqual(namesOf(alone.tar), ["main.py"]);
  });

  it("keeps the file's permissions and says by its own first line what runs it", async () => {
    const file = tree.put("run", "#!/bin/sh\n");
    chmodSync(file, 0o755);
    const { body, tar } = await sentDispatch({
      file,
      unsaved: new Map([[file, bytes("#!/usr/bin/perl\n1")]]),
    });
    assert.deepEqual(body.spec.launch, { kind: "path", path: "/usr/bin/perl", flags: [] });
    assert.match(execFileSync("tar", ["-tvf", "-"], { input: tar, encoding: "utf8" }), /^-rwxr-xr-x/);
  });

  it("of a link is sent for the link and for the file it leads to", async () => {
    tree.put("target.py", "old");
    symlinkSync("target.py", join(tree.root, "link.py"));
    const file = tree.put("main.py");
    const unsaved = new Map([[join(tree.root, "link.py"), bytes("new")]]);
    const { tar } = await sentDispatch({ file, unsaved });
    assert.deepEqual(
      ["link.py", "target.py"].map((name) => contentOf(tar, name)),
      ["new", "new"],
    );
  });

  it("is sent though its file was deleted meanwhile", async () => {
    const file = tree.put("main.py");
    tree.put("other.py");
    rmSync(file);
    const { body, tar } = await sentDispatch({ file, unsaved: new Map([[file, bytes("print(3)")]]) });
    assert.equal(body.spec.script, "main.py");
    assert.equal(contentOf(tar, "main.py"), "print(3)");
  });

  it("counts for the limit and for the way it is sent", async () => {
    const file = tree.put("main.py");
    const unsaved = new Map([[file, bytes("x".repeat(inlineWorkspaceLimitBytes))]]);
    const { code } = await refusalOf(sentDispatch({ file, unsaved, limitBytes: 9_000 }));
    assert.equal(code, "workspace-too-large");
    const { body, tar } = await sentDispatch({ file, unsaved });
    assert.ok(body.workspace.kind === "upload" && (body.workspace.bytes ?? 0) >= tar.length);
  });

  it("and in no file at all is sent alone, under the name it was given", async () => {
    const { body, tar } = await sentDispatch({
      file: "untitled-1.py",
      text: bytes("print(4)"),
      args: ["a b"],
    });
    assert.deepEqual([body.spec.script, body.spec.args], ["untitled-1.py", ["a b"]]);
    assert.deepEqual([namesOf(tar), contentOf(tar, "untitled-1.py")], [["untitled-1.py"], "print(4)"]);
    const refused = sentDispatch({ file: "untitled-1", text: bytes("print(4)") });
    await assert.rejects(refused, (error) => error instanceof Refusal && error.code === "no-interpreter");
  });
});
