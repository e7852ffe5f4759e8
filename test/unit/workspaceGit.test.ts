import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceOf } from "../../protocol/client/dispatchFile.ts";
import { listWorkspace } from "../../protocol/client/listWorkspace.ts";
import { planPack } from "../../protocol/client/packWorkspace.ts";
import { refusalOf } from "../support/refusalOf.ts";
import { sentDispatch } from "../support/sentDispatch.ts";
import { aSourceTree, awkwardNames, type SourceTree } from "../support/sourceTree.ts";

describe("a workspace with git", function () {
  this.timeout(20_000);
  let tree: SourceTree;

  beforeEach(() => {
    tree = aSourceTree();
    tree.git("init", "-q");
    tree.put(".gitignore", "ignored/\n*.bin\n");
    tree.put("tracked.py");
    tree.put("gone.py");
    tree.git("add", "-A");
    tree.git("commit", "-qm", "x");
    tree.put("untracked.py");
    tree.put("ignored/big.dat");
    tree.put("model.bin");
    rmSync(join(tree.root, "gone.py"));
  });
  afterEach(() => tree.remove());

  it("is what git tracks and what is neither tracked nor ignored", async () => {
    const { files, source } = await listWorkspace(tree.root);
    assert.equal(source, "git");
    assert.deepEqual(files, [".gitignore", "gone.py", "tracked.py", "untracked.py"]);
    const plan = await planPack(tree.root, files, 1_000_000);
    assert.deepEqual(
      plan.entries.map((entry) => entry.name),
      [".gitignore", "tracked.py", "untracked.py"],
    );
  });

  it("is the whole work tree for a script in a folder of it, which runs there", async () => {
    const { body, tar } = await sentDispatch({ file: tree.put("sub/dir/main.py") });
    assert.equal(body.spec.script, "sub/dir/main.py");
    const names = execFileSync("tar", ["-tf", "-"], { input: tar, encoding: "utf8" }).trim().split("\n");
    assert.ok(names.includes("tracked.py") && names.includes("sub/dir/main.py"), names.join());
  });

  it("is named ahead of the dispatch as the folder that then goes along", async () => {
    const file = tree.put("sub/dir/main.py");
    assert.equal(await workspaceOf(file), (await listWorkspace(join(tree.root, "sub/dir"))).root);
    const plain = aSourceTree();
    try {
      const alone = plain.put("sub/dir/main.py");
      assert.equal(await workspaceOf(alone), (await listWorkspace(join(plain.root, "sub/dir"))).root);
    } finally {
      plain.remove();
    }
  });

  it("is only the folder that is named, less what git ignores", async () => {
    tree.put("sub/a.py");
    tree.put("sub/b.bin");
    const { root: folder, files } = await listWorkspace(tree.root, join(tree.root, "sub"));
    assert.deepEqual([folder, files], [join(tree.root, "sub"), ["a.py"]]);
  });

  it("is all of the folder that is named where git ignores just that", async () => {
    tree.put("ignored/a.py");
    tree.put("ignored/deep/b.bin");
    const { files, source } = await listWorkspace(tree.root, join(tree.root, "ignored"));
    assert.deepEqual([source, files], ["folder", ["a.py", "big.dat", "deep/b.bin"]]);
    assert.equal((await listWorkspace(tree.root, join(tree.root, "ignored/deep"))).source, "folder");
    assert.equal((await listWorkspace(tree.root, tree.root)).source, "git");
  });

  it("has the dispatched file even where git ignores it", async () => {
    const { body } = await sentDispatch({ file: tree.put("ignored/main.py") });
    assert.equal(body.spec.script, "ignored/main.py");
  });

  it("has what is in submodules and in work trees inside, by the same rule", async () => {
    const library = join(tree.root, "ignored/library");
    tree.put("ignored/library/lib.py");
    tree.put("ignored/library/.gitignore", "*.bin\n");
    for (const args of [
      ["init", "-q"],
      ["add", "-A"],
      ["commit", "-qm", "x"],
    ])
      tree.git("-C", library, ...args);
    tree.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "sub/library");
    tree.put("sub/library/new.py");
    tree.put("sub/library/big.bin");
    tree.put("inside/main.py");
    tree.git("-C", join(tree.root, "inside"), "init", "-q");
    const { files } = await listWorkspace(tree.root);
    const below = files.filter((file) => file.includes("/"));
    assert.deepEqual(below, [
      "inside/main.py",
      "sub/library/.gitignore",
      "sub/library/lib.py",
      "sub/library/new.py",
    ]);
    tree.git("submodule", "--quiet", "deinit", "-f", "sub/library");
    assert.deepEqual(
      (await listWorkspace(tree.root)).files.filter((file) => file.startsWith("sub")),
      [],
    );
  });

  it("takes names as git knows them, whatever they hold", async () => {
    for (const name of awkwardNames) tree.put(name);
    const { files } = await listWorkspace(tree.root);
    for (const name of awkwardNames) assert.ok(files.includes(name), name);
  });

  it("does not run what the repository names as its monitor", async () => {
    const mark = join(tree.root, "ran");
    const hook = tree.put("hook.sh", `#!/bin/sh\ntouch '${mark}'\n`);
    chmodSync(hook, 0o755);
    tree.git("config", "core.fsmonitor", hook);
    await listWorkspace(tree.root);
    assert.throws(() => statSync(mark), /ENOENT/);
  });

  it("is refused, not taken as a plain folder, when git cannot read it", async () => {
    writeFileSync(join(tree.root, ".git", "config"), "[broken\n");
    const { code, message } = await refusalOf(listWorkspace(tree.root));
    assert.equal(code, "workspace-unreadable");
    assert.match(message, /git failed: bad config/);
  });

  it("does not follow a repository that the environment names", async () => {
    process.env["GIT_DIR"] = "/nonexistent";
    try {
      assert.equal((await listWorkspace(tree.root)).source, "git");
    } finally {
      delete process.env["GIT_DIR"];
    }
  });
});
