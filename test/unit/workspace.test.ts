import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { listWorkspace } from "../../protocol/client/listWorkspace.ts";
import { packStream, planPack } from "../../protocol/client/packWorkspace.ts";
import { refusalOf } from "../support/refusalOf.ts";
import { aSourceTree, awkwardNames, type SourceTree } from "../support/sourceTree.ts";

describe("a workspace", function () {
  this.timeout(20_000);
  let tree: SourceTree;

  beforeEach(() => {
    tree = aSourceTree();
  });
  afterEach(() => tree.remove());

  /** Unpacks what a dispatch would send, with a real tar. */
  async function unpacked(plan: Awaited<ReturnType<typeof planPack>>, tar = ["tar"]): Promise<string> {
    const bytes = await buffer(packStream(plan));
    assert.ok(bytes.length <= plan.tarBytes, `${bytes.length} bytes were planned as ${plan.tarBytes}`);
    const into = mkdtempSync(join(tree.root, "out-"));
    execFileSync(tar[0]!, [...tar.slice(1), "-x", "-o", "-f", "-"], { cwd: into, input: bytes });
    return into;
  }

  it("without git is the script's folder, less what is never wanted", async () => {
    tree.put("main.py");
    tree.put("lib/a.py");
    tree.put("node_modules/x/index.js");
    tree.put("__pycache__/a.pyc");
    const { files, source } = await listWorkspace(tree.root);
    assert.deepEqual([source, files], ["folder", ["lib/a.py", "main.py"]]);
  });

  for (const tar of [["tar"], ["busybox", "tar"]])
    it(`comes out of ${tar.join(" ")} as it went in: names, bytes, modes, links`, async () => {
      for (const name of awkwardNames) tree.put(name, `content of ${name}`);
      tree.put("empty", "");
      tree.put("big", "x".repeat(300_001));
      chmodSync(tree.put("run.sh"), 0o755);
      symlinkSync("run.sh", join(tree.root, "link"));
      symlinkSync("é".repeat(80), join(tree.root, "dangling"));
      const files = [...awkwardNames, "empty", "big", "run.sh", "link", "dangling", "not-there"];
      const into = await unpacked(await planPack(tree.root, files, 1_000_000), tar);
      for (const name of awkwardNames)
        assert.equal(readFileSync(join(into, name), "utf8"), `content of ${name}`);
      assert.equal(statSync(join(into, "empty")).size, 0);
      assert.equal(statSync(join(into, "big")).size, 300_001);
      assert.ok(statSync(join(into, "run.sh")).mode & 0o100);
      assert.equal(readlinkSync(join(into, "link")), "run.sh");
      assert.equal(readlinkSync(join(into, "dangling")), "é".repeat(80));
    });

  it("with a file that becomes shorter while it is read is a clear problem", async () => {
    tree.put("big", "x".repeat(200_000));
    const plan = await planPack(tree.root, ["big"], 1_000_000);
    truncateSync(join(tree.root, "big"), 100_000);
    const { code, message } = await refusalOf(buffer(packStream(plan)));
    assert.equal(code, "workspace-unreadable");
    assert.match(message, /big: it became shorter while it was read/);
  });

  it("with a file that vanishes before it is read is a clear problem", async () => {
    tree.put("main.py");
    const plan = await planPack(tree.root, ["main.py"], 1_000_000);
    rmSync(join(tree.root, "main.py"));
    assert.match((await refusalOf(buffer(packStream(plan)))).message, /it vanished while it was read/);
  });

  it("with a file that grows while it is read is sent as it was planned", async () => {
    tree.put("log", "x".repeat(1_000));
    const plan = await planPack(tree.root, ["log"], 1_000_000);
    appendFileSync(join(tree.root, "log"), "y".repeat(5_000));
    assert.equal(readFileSync(join(await unpacked(plan), "log"), "utf8"), "x".repeat(1_000));
  });

  it("with a name that is not UTF-8 is refused, not sent without it", async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${tree.root}/`), Buffer.from([0xe9, 0x2e, 0x70])]), "x");
    const { files } = await listWorkspace(tree.root);
    const { message } = await refusalOf(planPack(tree.root, files, 1_000_000));
    assert.match(message, /not UTF-8/);
  });
});
