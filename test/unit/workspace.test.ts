import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { dispatchFile, type DispatchRequest } from "../../protocol/client/dispatchFile.ts";
import { listWorkspace } from "../../protocol/client/listWorkspace.ts";
import { packStream, planPack } from "../../protocol/client/packWorkspace.ts";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { Refusal } from "../../protocol/problem.ts";
import type { RouteInput } from "../../protocol/routes.ts";
import { inlineWorkspaceLimitBytes } from "../../protocol/routes/jobRoutes.ts";
import { aJob } from "../support/fleetRecords.ts";

type Body = NonNullable<RouteInput<"createJob">["body"]>;

const awkward = [
  "naïve ☃ 火.txt",
  "two\nlines",
  "quote'\"$HOME`id`",
  "-rf",
  " space ",
  `${"deep/".repeat(40)}${"n".repeat(200)}`,
];

describe("a workspace", function () {
  this.timeout(20_000);
  let root: string;

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "hwledger-workspace-")));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function put(name: string, text = name): string {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  function git(...args: string[]): void {
    execFileSync("git", ["-C", root, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      stdio: "pipe",
    });
  }

  /** Unpacks what a dispatch would send, with a real tar. */
  async function unpacked(plan: Awaited<ReturnType<typeof planPack>>, tar = ["tar"]): Promise<string> {
    const bytes = await buffer(packStream(plan));
    assert.ok(bytes.length <= plan.tarBytes, `${bytes.length} bytes were planned as ${plan.tarBytes}`);
    const into = mkdtempSync(join(root, "out-"));
    execFileSync(tar[0]!, [...tar.slice(1), "-x", "-o", "-f", "-"], { cwd: into, input: bytes });
    return into;
  }

  /** What a dispatch sends to the service. */
  async function sent(request: DispatchRequest): Promise<{ body: Body; tar: Buffer }> {
    const bodies: Body[] = [];
    let uploaded = Buffer.alloc(0);
    const client: Pick<RouteClient, "call" | "upload"> = {
      call: ((_name: string, input: { body: Body }) => {
        bodies.push(input.body);
        return Promise.resolve(aJob());
      }) as unknown as RouteClient["call"],
      upload: (async (_name: string, _params: unknown, tar: Readable) => {
        uploaded = await buffer(tar);
        return aJob();
      }) as unknown as RouteClient["upload"],
    };
    const job: JobRecord = await dispatchFile(client as RouteClient, request);
    assert.equal(job.id, aJob().id);
    const [body] = bodies;
    assert.ok(body && bodies.length === 1);
    const { workspace } = body;
    return { body, tar: workspace.kind === "inline" ? Buffer.from(workspace.tarBase64, "base64") : uploaded };
  }

  async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
    const error: unknown = await work.then(
      () => null,
      (cause: unknown) => cause,
    );
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }

  describe("with git", () => {
    beforeEach(() => {
      git("init", "-q");
      put(".gitignore", "ignored/\n*.bin\n");
      put("tracked.py");
      put("gone.py");
      git("add", "-A");
      git("commit", "-qm", "x");
      put("untracked.py");
      put("ignored/big.dat");
      put("model.bin");
      rmSync(join(root, "gone.py"));
    });

    it("is what git tracks and what is neither tracked nor ignored", async () => {
      const { files, source } = await listWorkspace(root);
      assert.equal(source, "git");
      assert.deepEqual(files, [".gitignore", "gone.py", "tracked.py", "untracked.py"]);
      const plan = await planPack(root, files, 1_000_000);
      assert.deepEqual(
        plan.entries.map((entry) => entry.name),
        [".gitignore", "tracked.py", "untracked.py"],
      );
    });

    it("is the whole work tree for a script in a folder of it, which runs there", async () => {
      const { body, tar } = await sent({ file: put("sub/dir/main.py") });
      assert.equal(body.spec.script, "sub/dir/main.py");
      const names = execFileSync("tar", ["-tf", "-"], { input: tar, encoding: "utf8" }).trim().split("\n");
      assert.ok(names.includes("tracked.py") && names.includes("sub/dir/main.py"), names.join());
    });

    it("is only the folder that is named, less what git ignores", async () => {
      put("sub/a.py");
      put("sub/b.bin");
      const { root: folder, files } = await listWorkspace(root, join(root, "sub"));
      assert.deepEqual([folder, files], [join(root, "sub"), ["a.py"]]);
    });

    it("has the dispatched file even where git ignores it", async () => {
      const { body } = await sent({ file: put("ignored/main.py") });
      assert.equal(body.spec.script, "ignored/main.py");
    });

    it("has what is in submodules and in work trees inside, by the same rule", async () => {
      const library = join(root, "ignored/library");
      put("ignored/library/lib.py");
      put("ignored/library/.gitignore", "*.bin\n");
      for (const args of [
        ["init", "-q"],
        ["add", "-A"],
        ["commit", "-qm", "x"],
      ])
        git("-C", library, ...args);
      git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "sub/library");
      put("sub/library/new.py");
      put("sub/library/big.bin");
      put("inside/main.py");
      git("-C", join(root, "inside"), "init", "-q");
      const { files } = await listWorkspace(root);
      const below = files.filter((file) => file.includes("/"));
      assert.deepEqual(below, [
        "inside/main.py",
        "sub/library/.gitignore",
        "sub/library/lib.py",
        "sub/library/new.py",
      ]);
      git("submodule", "--quiet", "deinit", "-f", "sub/library");
      assert.deepEqual(
        (await listWorkspace(root)).files.filter((file) => file.startsWith("sub")),
        [],
      );
    });

    it("takes names as git knows them, whatever they hold", async () => {
      for (const name of awkward) put(name);
      const { files } = await listWorkspace(root);
      for (const name of awkward) assert.ok(files.includes(name), name);
    });

    it("does not run what the repository names as its monitor", async () => {
      const mark = join(root, "ran");
      const hook = put("hook.sh", `#!/bin/sh\ntouch '${mark}'\n`);
      chmodSync(hook, 0o755);
      git("config", "core.fsmonitor", hook);
      await listWorkspace(root);
      assert.throws(() => statSync(mark), /ENOENT/);
    });

    it("is refused, not taken as a plain folder, when git cannot read it", async () => {
      writeFileSync(join(root, ".git", "config"), "[broken\n");
      const { code, message } = await refusalOf(listWorkspace(root));
      assert.equal(code, "workspace-unreadable");
      assert.match(message, /git failed: bad config/);
    });

    it("does not follow a repository that the environment names", async () => {
      process.env["GIT_DIR"] = "/nonexistent";
      try {
        assert.equal((await listWorkspace(root)).source, "git");
      } finally {
        delete process.env["GIT_DIR"];
      }
    });
  });

  it("without git is the script's folder, less what is never wanted", async () => {
    put("main.py");
    put("lib/a.py");
    put("node_modules/x/index.js");
    put("__pycache__/a.pyc");
    const { files, source } = await listWorkspace(root);
    assert.deepEqual([source, files], ["folder", ["lib/a.py", "main.py"]]);
  });

  for (const tar of [["tar"], ["busybox", "tar"]])
    it(`comes out of ${tar.join(" ")} as it went in: names, bytes, modes, links`, async () => {
      for (const name of awkward) put(name, `content of ${name}`);
      put("empty", "");
      put("big", "x".repeat(300_001));
      chmodSync(put("run.sh"), 0o755);
      symlinkSync("run.sh", join(root, "link"));
      symlinkSync("é".repeat(80), join(root, "dangling"));
      const files = [...awkward, "empty", "big", "run.sh", "link", "dangling", "not-there"];
      const into = await unpacked(await planPack(root, files, 1_000_000), tar);
      for (const name of awkward) assert.equal(readFileSync(join(into, name), "utf8"), `content of ${name}`);
      assert.equal(statSync(join(into, "empty")).size, 0);
      assert.equal(statSync(join(into, "big")).size, 300_001);
      assert.ok(statSync(join(into, "run.sh")).mode & 0o100);
      assert.equal(readlinkSync(join(into, "link")), "run.sh");
      assert.equal(readlinkSync(join(into, "dangling")), "é".repeat(80));
    });

  it("past the limit is refused before anything is sent", async () => {
    const file = put("main.py");
    put("big", "x".repeat(10_000));
    let calls = 0;
    const client = { call: () => Promise.resolve(++calls) } as unknown as RouteClient;
    const { code, facts } = await refusalOf(dispatchFile(client, { file, limitBytes: 9_000 }));
    assert.equal(code, "workspace-too-large");
    assert.deepEqual([facts["bytes"], facts["limitBytes"], calls], [10_000 + "main.py".length, 9_000, 0]);
  });

  it("goes along inside the request when it is small, and as an upload when it is not", async () => {
    const file = put("main.py");
    assert.equal((await sent({ file })).body.workspace.kind, "inline");
    put("big", "x".repeat(inlineWorkspaceLimitBytes));
    const { body, tar } = await sent({ file });
    assert.equal(body.workspace.kind, "upload");
    assert.ok(body.workspace.kind === "upload" && (body.workspace.bytes ?? 0) >= tar.length);
  });

  it("with a file that becomes shorter while it is read is a clear problem", async () => {
    put("big", "x".repeat(200_000));
    const plan = await planPack(root, ["big"], 1_000_000);
    truncateSync(join(root, "big"), 100_000);
    const { code, message } = await refusalOf(buffer(packStream(plan)));
    assert.equal(code, "workspace-unreadable");
    assert.match(message, /big: it became shorter while it was read/);
  });

  it("with a file that vanishes before it is read is a clear problem", async () => {
    put("main.py");
    const plan = await planPack(root, ["main.py"], 1_000_000);
    rmSync(join(root, "main.py"));
    assert.match((await refusalOf(buffer(packStream(plan)))).message, /it vanished while it was read/);
  });

  it("with a file that grows while it is read is sent as it was planned", async () => {
    put("log", "x".repeat(1_000));
    const plan = await planPack(root, ["log"], 1_000_000);
    appendFileSync(join(root, "log"), "y".repeat(5_000));
    assert.equal(readFileSync(join(await unpacked(plan), "log"), "utf8"), "x".repeat(1_000));
  });

  it("with a name that is not UTF-8 is refused, not sent without it", async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xe9, 0x2e, 0x70])]), "x");
    const { files } = await listWorkspace(root);
    const { message } = await refusalOf(planPack(root, files, 1_000_000));
    assert.match(message, /not UTF-8/);
  });

  describe("of the script alone", () => {
    it("is that file and nothing else", async () => {
      put("other.py");
      const { body, tar } = await sent({ file: put("main.py"), workspace: "script" });
      assert.equal(body.spec.script, "main.py");
      assert.equal(execFileSync("tar", ["-tf", "-"], { input: tar, encoding: "utf8" }), "main.py\n");
    });

    it("is the content of a linked script, under the link's name", async () => {
      put("real/target.py", "print(1)");
      symlinkSync("real/target.py", join(root, "main.py"));
      const { body, tar } = await sent({ file: join(root, "main.py"), workspace: "script" });
      assert.equal(body.spec.script, "main.py");
      assert.equal(
        execFileSync("tar", ["-xOf", "-", "main.py"], { input: tar, encoding: "utf8" }),
        "print(1)",
      );
    });
  });

  it("sends a linked script as a link where that leads somewhere, else as its content", async () => {
    const outside = realpathSync(mkdtempSync(join(tmpdir(), "hwledger-outside-")));
    try {
      put("target.py", "print(1)");
      writeFileSync(join(outside, "far.py"), "print(2)");
      symlinkSync("target.py", join(root, "near.py"));
      symlinkSync(join(outside, "far.py"), join(root, "far.py"));
      symlinkSync(join(root, "target.py"), join(root, "absolute.py"));
      const typeOf = async (name: string): Promise<string> => {
        const { tar } = await sent({ file: join(root, name) });
        const lines = execFileSync("tar", ["-tvf", "-"], { input: tar, encoding: "utf8" }).split("\n");
        return lines.find((line) => line.includes(` ${name}`))?.[0] ?? "";
      };
      assert.deepEqual(await Promise.all(["near.py", "far.py", "absolute.py"].map(typeOf)), ["l", "-", "-"]);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  for (const [what, request, code] of [
    ["a script that is not there", () => ({ file: join(root, "none.py") }), "file-not-found"],
    ["a folder as a script", () => ({ file: root }), "file-not-found"],
    [
      "a folder that is not there",
      () => ({ file: put("a.py"), workspace: { directory: join(root, "none") } }),
      "file-not-found",
    ],
    [
      "a script outside of the folder",
      () => ({ file: put("a.py"), workspace: { directory: dirname(put("s/b.py")) } }),
      "usage",
    ],
    ["a file that nothing runs", () => ({ file: put("data.xyz") }), "no-interpreter"],
  ] as const)
    it(`is refused for ${what}`, async () => {
      const client = { call: () => assert.fail("something was sent") } as unknown as RouteClient;
      assert.equal((await refusalOf(dispatchFile(client, request()))).code, code);
    });

  it("names the job whose workspace did not arrive when the service goes away", async () => {
    const gone = new Refusal("service-unreachable", { url: "https://x", reason: "cut" });
    const client = { call: () => Promise.resolve(aJob()), upload: () => Promise.reject(gone) };
    const request = { file: put("main.py", "x".repeat(inlineWorkspaceLimitBytes)) };
    const { code, message } = await refusalOf(dispatchFile(client as unknown as RouteClient, request));
    assert.equal(code, "upload-interrupted");
    assert.ok(message.includes(aJob().id), message);
  });

  it("once more with the same key after a lost answer, so that it does not run twice", async () => {
    const keys: unknown[] = [];
    const call = (
      _name: string,
      _input: unknown,
      options: { idempotencyKey: string },
    ): Promise<JobRecord> => {
      keys.push(options.idempotencyKey);
      if (keys.length === 1)
        return Promise.reject(new Refusal("service-unreachable", { url: "x", reason: "cut" }));
      return Promise.resolve(aJob());
    };
    await dispatchFile({ call } as unknown as RouteClient, { file: put("main.py") });
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1]);
  });
});
