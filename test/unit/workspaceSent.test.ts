import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import type { JobRecord } from "../../protocol/job.ts";
import { problemOf, Refusal, RemoteProblem } from "../../protocol/problem.ts";
import { inlineWorkspaceLimitBytes } from "../../protocol/routes/jobRoutes.ts";
import { aJob } from "../support/fleetRecords.ts";
import { refusalOf } from "../support/refusalOf.ts";
import { sentDispatch } from "../support/sentDispatch.ts";
import { aSourceTree, type SourceTree } from "../support/sourceTree.ts";

describe("a workspace", function () {
  this.timeout(20_000);
  let tree: SourceTree;

  beforeEach(() => {
    tree = aSourceTree();
  });
  afterEach(() => tree.remove());

  it("past the limit is refused before anything is sent", async () => {
    const file = tree.put("main.py");
    tree.put("big", "x".repeat(10_000));
    let calls = 0;
    const client = { call: () => Promise.resolve(++calls) } as unknown as RouteClient;
    const { code, facts } = await refusalOf(dispatchFile(client, { file, limitBytes: 9_000 }));
    assert.equal(code, "workspace-too-large");
    assert.deepEqual([facts["bytes"], facts["limitBytes"], calls], [10_000 + "main.py".length, 9_000, 0]);
  });

  it("goes along inside the request when it is small, and as an upload when it is not", async () => {
    const file = tree.put("main.py");
    assert.equal((await sentDispatch({ file })).body.workspace.kind, "inline");
    tree.put("big", "x".repeat(inlineWorkspaceLimitBytes));
    const { body, tar } = await sentDispatch({ file });
    assert.equal(body.workspace.kind, "upload");
    assert.ok(body.workspace.kind === "upload" && (body.workspace.bytes ?? 0) >= tar.length);
  });

  describe("of the script alone", () => {
    it("is that file and nothing else", async () => {
      tree.put("other.py");
      const { body, tar } = await sentDispatch({ file: tree.put("main.py"), workspace: "script" });
      assert.equal(body.spec.script, "main.py");
      assert.equal(execFileSync("tar", ["-tf", "-"], { input: tar, encoding: "utf8" }), "main.py\n");
    });

    it("is the content of a linked script, under the link's name", async () => {
      tree.put("real/target.py", "print(1)");
      symlinkSync("real/target.py", join(tree.root, "main.py"));
      const { body, tar } = await sentDispatch({ file: join(tree.root, "main.py"), workspace: "script" });
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
      tree.put("target.py", "print(1)");
      writeFileSync(join(outside, "far.py"), "print(2)");
      symlinkSync("target.py", join(tree.root, "near.py"));
      symlinkSync(join(outside, "far.py"), join(tree.root, "far.py"));
      symlinkSync(join(tree.root, "target.py"), join(tree.root, "absolute.py"));
      const typeOf = async (name: string): Promise<string> => {
        const { tar } = await sentDispatch({ file: join(tree.root, name) });
        const lines = execFileSync("tar", ["-tvf", "-"], { input: tar, encoding: "utf8" }).split("\n");
        return lines.find((line) => line.includes(` ${name}`))?.[0] ?? "";
      };
      assert.deepEqual(await Promise.all(["near.py", "far.py", "absolute.py"].map(typeOf)), ["l", "-", "-"]);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  for (const [what, request, code] of [
    ["a script that is not there", () => ({ file: join(tree.root, "none.py") }), "file-not-found"],
    ["a folder as a script", () => ({ file: tree.root }), "file-not-found"],
    [
      "a folder that is not there",
      () => ({ file: tree.put("a.py"), workspace: { directory: join(tree.root, "none") } }),
      "file-not-found",
    ],
    [
      "a script outside of the folder",
      () => ({ file: tree.put("a.py"), workspace: { directory: dirname(tree.put("s/b.py")) } }),
      "usage",
    ],
    ["a file that nothing runs", () => ({ file: tree.put("data.xyz") }), "no-interpreter"],
  ] as const)
    it(`is refused for ${what}`, async () => {
      const client = { call: () => assert.fail("something was sent") } as unknown as RouteClient;
      assert.equal((await refusalOf(dispatchFile(client, request()))).code, code);
    });

  it("names the job whose workspace did not arrive when the service goes away", async () => {
    const gone = new Refusal("service-unreachable", { url: "https://x", reason: "cut" });
    const client = { call: () => Promise.resolve(aJob()), upload: () => Promise.reject(gone) };
    const request = { file: tree.put("main.py", "x".repeat(inlineWorkspaceLimitBytes)) };
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
    await dispatchFile({ call } as unknown as RouteClient, { file: tree.put("main.py") });
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1]);
    const request = { file: tree.put("main.py"), idempotencyKey: "of the first try" };
    await dispatchFile({ call } as unknown as RouteClient, request);
    assert.equal(keys.at(-1), "of the first try");
  });

  describe("that is given up once its order was sent", () => {
    const gone = new Refusal("service-unreachable", { url: "https://x", reason: "cut" });
    const isGone = () => Promise.reject(gone);
    const isThere = () => Promise.resolve(aJob());
    /** Gives up while the order is under way, then answers as told; the error or job, and what was asked for. */
    async function givenUp(answer: () => Promise<unknown>, cancelled: () => Promise<unknown>) {
      const abort = new AbortController();
      const names: string[] = [];
      const call = (name: string): Promise<unknown> => {
        names.push(name);
        if (name === "cancelJob") return cancelled();
        abort.abort();
        return answer();
      };
      const request = { file: tree.put("main.py"), signal: abort.signal };
      const outcome = await dispatchFile({ call } as unknown as RouteClient, request).catch(
        (error: unknown) => error,
      );
      return { outcome, names };
    }

    it("is cancelled, and is over", async () => {
      const { outcome, names } = await givenUp(isThere, isThere);
      assert.equal((outcome as Error).name, "AbortError");
      assert.deepEqual(names, ["createJob", "cancelJob"]);
    });

    it("is there as a job where that has ended by then", async () => {
      const ended = new RemoteProblem({ ...problemOf("job-ended", { job: "j", state: "succeeded" }) });
      const { outcome } = await givenUp(isThere, () => Promise.reject(ended));
      assert.deepEqual(outcome, aJob());
    });

    it("says that nobody knows where its cancelling is not answered while its workspace is on its way", async () => {
      const abort = new AbortController();
      const call = (name: string) => (name === "cancelJob" ? isGone() : isThere());
      const upload = (
        _name: string,
        _params: unknown,
        _tar: unknown,
        { signal }: { signal: AbortSignal },
      ) => {
        abort.abort();
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        });
      };
      const file = tree.put("main.py", "x".repeat(inlineWorkspaceLimitBytes));
      const client = { call, upload } as unknown as RouteClient;
      const { code } = await refusalOf(dispatchFile(client, { file, signal: abort.signal }));
      assert.equal(code, "dispatch-unanswered");
    });

    it("says that nobody knows where the service does not answer", async () => {
      for (const silence of [() => givenUp(isGone, isThere), () => givenUp(isThere, isGone)]) {
        const { outcome } = await silence();
        assert.ok(outcome instanceof Refusal && outcome.code === "dispatch-unanswered");
        assert.match(outcome.message, /main\.py/);
      }
    });
  });
});
