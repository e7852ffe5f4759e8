import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { createLocalService } from "../../extension/core/createLocalService.ts";
import { findNode, type RunTool } from "../../extension/core/findNode.ts";
import { runTool } from "../../extension/core/runTool.ts";
import { RemoteProblem } from "../../protocol/problem.ts";

const electron = { path: "/usr/share/code/code", version: "22.15.0", isElectron: true };
const says =
  (versions: Record<string, string>): RunTool =>
  (program) =>
    Promise.resolve(
      versions[program] === undefined
        ? { code: null, stdout: "", stderr: "ENOENT" }
        : { code: 0, stdout: `v${versions[program]}\n`, stderr: "" },
    );

describe("the Node.js for the service", () => {
  it("is the one on PATH where that is new enough", async () => {
    const choice = await findNode({ wanted: "", own: electron, runTool: says({ node: "24.1.0" }) });
    assert.deepEqual(choice, { kind: "found", node: { path: "node", env: {}, version: "24.1.0" } });
  });

  it("is the editor's own runtime where PATH has none or an old one", async () => {
    for (const versions of [{}, { node: "20.20.2" }] as Record<string, string>[]) {
      const choice = await findNode({ wanted: "", own: electron, runTool: says(versions) });
      assert.deepEqual(choice, {
        kind: "found",
        node: { path: electron.path, env: { ELECTRON_RUN_AS_NODE: "1" }, version: "22.15.0" },
      });
    }
  });

  it("is the one that the person set, and no other when that does not do", async () => {
    const wanted = "/opt/node";
    const runs = says({ node: "24.1.0", [wanted]: "22.0.1" });
    const choice = await findNode({ wanted, own: electron, runTool: runs });
    assert.equal(choice.kind === "found" && choice.node.path, wanted);
    const old = await findNode({
      wanted,
      own: electron,
      runTool: says({ [wanted]: "18.0.0", node: "24.1.0" }),
    });
    assert.match(old.kind === "none" ? old.reason : "", /hwledger\.nodePath names Node\.js 18\.0\.0/);
    const gone = await findNode({ wanted, own: electron, runTool: says({ node: "24.1.0" }) });
    assert.match(gone.kind === "none" ? gone.reason : "", /\/opt\/node, which does not run/);
  });

  it("is missing where everything is too old, and says what was looked at", async () => {
    const own = { ...electron, version: "20.9.0" };
    const choice = await findNode({ wanted: "", own, runTool: says({ node: "18.1.0" }) });
    assert.match(choice.kind === "none" ? choice.reason : "", /brings 20\.9\.0 and PATH has 18\.1\.0/);
  });
});

describe("the service on this machine", () => {
  const node = { path: "node", env: { SOME: "1" }, version: "24.1.0" };
  const aService = (result: Awaited<ReturnType<RunTool>>) => {
    const calls: { args: readonly string[]; env: unknown }[] = [];
    const service = createLocalService({
      program: "/ext/hwledger.cjs",
      findNode: () => Promise.resolve({ kind: "found", node }),
      home: () => "/usual",
      runTool(_program, args, { env }) {
        calls.push({ args, env });
        return Promise.resolve(result);
      },
    });
    return { service, calls };
  };

  it("is started in the background on the folder and address it is told, else as the last time", async () => {
    const document = { url: "https://127.0.0.1:1", home: "/usual", alreadyRunning: false };
    const { service, calls } = aService({ code: 0, stdout: JSON.stringify(document), stderr: "" });
    assert.deepEqual(await service.start(), document);
    await service.start("/other", { listen: "0.0.0.0:0" });
    assert.deepEqual(calls, [
      {
        args: ["/ext/hwledger.cjs", "up", "--detach", "--listen", "last:0", "--json"],
        env: { SOME: "1", HWLEDGER_HOME: "/usual" },
      },
      {
        args: ["/ext/hwledger.cjs", "up", "--detach", "--listen", "0.0.0.0:0", "--json"],
        env: { SOME: "1", HWLEDGER_HOME: "/other" },
      },
    ]);
  });

  it("gives a start up at once; the next one waits for the end of its program", async () => {
    const abort = new AbortController();
    const first = Promise.withResolvers<Awaited<ReturnType<RunTool>>>();
    const document = { url: "https://127.0.0.1:1", home: "/usual", alreadyRunning: false };
    const signals: (AbortSignal | undefined)[] = [];
    const service = createLocalService({
      program: "/ext/hwledger.cjs",
      findNode: () => Promise.resolve({ kind: "found", node }),
      home: () => "/usual",
      runTool(_program, _args, { signal }) {
        signals.push(signal);
        return signals.length === 1
          ? first.promise
          : Promise.resolve({ code: 0, stdout: JSON.stringify(document), stderr: "" });
      },
    });
    const given = service.start(null, { signal: abort.signal });
    await setImmediate();
    abort.abort();
    await assert.rejects(given, { name: "AbortError" });
    assert.deepEqual(signals, [abort.signal]);
    const again = service.start();
    await setImmediate();
    assert.equal(signals.length, 1);
    const impatient = new AbortController();
    const third = service.start(null, { signal: impatient.signal });
    impatient.abort();
    await assert.rejects(third, { name: "AbortError" });
    first.resolve({ code: 130, stdout: "", stderr: "" });
    assert.deepEqual(await again, document);
    assert.equal(signals.length, 2);
  });

  it("ends a program that is given up", async () => {
    const abort = new AbortController();
    const ended = runTool(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], {
      timeoutMs: 60_000,
      signal: abort.signal,
    });
    abort.abort();
    assert.equal((await ended).code, null);
  });

  it("hands on the problem that the program tells", async () => {
    const problem = { type: "urn:x", title: "Full", detail: "d", code: "storage-full", next: "n" };
    const { service } = aService({ code: 4, stdout: JSON.stringify({ problem }), stderr: "" });
    await assert.rejects(service.start(), (error: unknown) => {
      assert.ok(error instanceof RemoteProblem);
      assert.deepEqual(error.problem, problem);
      return true;
    });
  });

  it("says with which Node.js it failed and what was printed last", async () => {
    const { service } = aService({ code: 139, stdout: "", stderr: "Segmentation fault" });
    await assert.rejects(service.stop(), /Node\.js 24\.1\.0 \(node\) it ended with 139\. Segmentation fault/);
  });

  it("does not hand the editor's own variables to programs", async () => {
    process.env["VSCODE_TEST_ONLY"] = "1";
    const script = "console.log(process.env.VSCODE_TEST_ONLY ?? 'none', process.env.OWN)";
    const { stdout } = await runTool(process.execPath, ["-e", script], {
      env: { OWN: "x" },
      timeoutMs: 10_000,
    });
    delete process.env["VSCODE_TEST_ONLY"];
    assert.equal(stdout.trim(), "none x");
    const missing = await runTool("/nowhere/node", [], { timeoutMs: 10_000 });
    assert.equal(missing.code, null);
    assert.match(missing.stderr, /ENOENT/);
  });
});
