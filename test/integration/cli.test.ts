import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";
import { until } from "../support/until.ts";
import { cli, cliJson, spawnCli, startCli, type CliWorld } from "./cliFixture.ts";

const script = `import os, sys, time
print(sys.argv[1:], os.environ.get("COLOUR"), flush=True)
sys.stdout.buffer.write(b"\\xff\\x00 50 %\\r100 %\\n"); sys.stdout.flush()
while not os.path.exists(os.environ.get("GATE", "/")): time.sleep(0.02)
print("done")
sys.exit(3)
`;

describe("the command line", function () {
  this.timeout(60_000);
  let dir = "";
  let service: ServiceProcess;
  let owner: CliWorld;
  let host = "";

  async function startService(port = 0): Promise<void> {
    // Jobs of this machine go into its home folder: the service gets one of its own.
    service = await startServiceProcess(owner.home, { port, env: { HOME: join(dir, "user") } });
  }

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "hwledger-cli-"));
    for (const folder of ["user", "files", "fleet"]) await mkdir(join(dir, folder));
    await writeFile(join(dir, "files", "a train.py"), script);
    owner = { home: join(dir, "fleet"), cwd: join(dir, "files"), env: { COLOUR: "blue green" } };
    await startService();
    const { document } = await cliJson(owner, "host", "ls");
    host = String((document as unknown as { name: string }[])[0]?.name);
  });
  after(async () => {
    await service.end("SIGTERM");
    await rm(dir, { recursive: true, force: true });
  });

  const dispatch = (...more: string[]) => ["dispatch", "a train.py", "--host", host, ...more];

  it("tells the fleet's state as a document and as text", async () => {
    const { code, document } = await cliJson(owner, "status");
    assert.equal(code, 0);
    assert.equal(document["url"], service.url);
    assert.match(String(document["caFingerprint"]), /^[0-9a-f]{64}$/);
    assert.equal(document["role"], "admin");
    assert.match((await cli(owner, "status")).out, /^you +\S+ \(admin\)$/m);
  });

  it("takes --json anywhere before --", async () => {
    const status = JSON.parse((await cli(owner, "--json", "status")).out) as Record<string, unknown>;
    assert.equal(status["url"], service.url);
  });

  it("ends with 3 where there is no fleet, and makes no folder for that", async () => {
    const nowhere = join(dir, "nowhere");
    const { code, document } = await cliJson({ home: nowhere }, "status");
    assert.equal(code, 3);
    assert.equal((document["problem"] as { code: string }).code, "not-joined");
    assert.ok(!existsSync(nowhere));
  });

  it("ends with 2 for wrong usage, says it on stderr, and with --json as a document", async () => {
    const { code, out, err } = await cli(owner, "hots");
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /unknown command 'hots' \(Did you mean host\?\)/);
    for (const args of [["host"], ["job", "ls", "-n", "x"], ["token", "create"], dispatch("--env", "9=1")]) {
      const wrong = await cliJson(owner, ...args);
      assert.equal(wrong.code, 2, args.join(" "));
      assert.equal((wrong.document["problem"] as { code: string }).code, "usage");
    }
  });

  it("refuses more arguments than a job takes before anything is sent", async () => {
    const many = Array.from({ length: 20_000 }, String);
    const { code, out } = await cli(owner, "--json", ...dispatch("--", ...many));
    const { problem } = JSON.parse(out) as { problem: { code: string; detail: string } };
    assert.deepEqual([code, problem.code], [2, "usage"]);
    assert.match(problem.detail, /^20000 arguments are too many: a job takes 10000\./);
  });

  it("shows help, also without any argument", async () => {
    assert.match((await cli(owner)).out, /^Usage: hwledger/);
    const { code, out } = await cli(owner, "dispatch", "--help");
    assert.equal(code, 0);
    assert.match(out, /Examples:\n {2}hwledger dispatch/);
    assert.match(out, /What is sent: .*node_modules/s);
  });

  it("follows a job: its raw log on stdout, arguments unharmed, its exit code at the end", async () => {
    const args = ["-x", "--help", "", "two\nlines", "--", "--json", "ü $HOME \"'"];
    const { code, out, err } = await cli(owner, ...dispatch("--follow", "--env", "COLOUR", "--", ...args));
    assert.equal(code, 3);
    const [first] = out.split("\n", 1);
    assert.equal(
      first,
      String.raw`['-x', '--help', '', 'two\nlines', '--', '--json', 'ü $HOME "\''] blue green`,
    );
    assert.match(out, /\ndone\n$/);
    assert.match(err, /exit 3 after /);
  });

  it("follows with --json: the log on stderr, the document of job show on stdout", async () => {
    const { code, document, err } = await cliJson(owner, ...dispatch("--follow"));
    assert.equal(code, 3);
    assert.match(err, /\ndone\n/);
    const shown = await cliJson(owner, "job", "show", String(document["id"]));
    assert.deepEqual(document, shown.document);
    assert.deepEqual(
      [document["state"], document["exitCode"], document["cause"]],
      ["failed", 3, { kind: "exited", code: 3 }],
    );
  });

  it("writes a log byte for byte and nothing else, from any byte on", async () => {
    const { document } = await cliJson(owner, ...dispatch("--follow"));
    const whole = Buffer.from("[] None\n\xff\x00 50 %\r100 %\ndone\n", "latin1");
    const logs = spawnCli(owner, ["logs", String(document["id"]), "--offset", "8"]);
    const pieces: Buffer[] = [];
    for await (const piece of logs.child.stdout as AsyncIterable<Buffer>) pieces.push(piece);
    assert.deepEqual(Buffer.concat(pieces), whole.subarray(8));
    assert.deepEqual(await logs.exit, [0, null]);
    assert.equal((await cliJson(owner, "logs", String(document["id"]), "--offset", "999")).code, 4);
  });

  it("ends with 4 where a dispatch is refused, and with 255 where it is followed", async () => {
    const nowhere = ["dispatch", "a train.py", "--host", "nowhere"];
    const refused = await cliJson(owner, ...nowhere);
    assert.equal(refused.code, 4);
    assert.equal((refused.document["problem"] as { code: string }).code, "host-not-found");
    assert.equal((await cliJson(owner, ...nowhere, "--follow")).code, 255);
    assert.equal((await cliJson(owner, "dispatch", "missing.py", "--host", host, "--follow")).code, 255);
    assert.equal((await cliJson(owner, "dispatch", "missing.py", "--host", host)).code, 4);
  });

  it("says at once when a job could not start, and which job it was", async () => {
    const { code, document } = await cliJson(owner, ...dispatch("--python", "/nowhere/python"));
    const problem = document["problem"] as { code: string; facts: { jobId: string } };
    assert.deepEqual([code, problem.code], [4, "interpreter-missing"]);
    assert.match(problem.facts.jobId, /^j-/);
  });

  it("refuses a dispatch without a host where none has a free GPU, and lists the choices", async () => {
    const { code, document } = await cliJson(owner, "dispatch", "a train.py");
    const problem = document["problem"] as { code: string; detail: string };
    assert.deepEqual([code, problem.code], [4, "no-host-fits"]);
    assert.ok(problem.detail.includes(host));
  });

  it("leaves the job running at Ctrl-C and goes on from where it stopped", async () => {
    const gate = join(dir, "gate-interrupt");
    const run = startCli(owner, dispatch("--follow", "--env", `GATE=${gate}`));
    await until(() => run.out().includes("100 %"), "the job writes");
    run.interrupt();
    const { code, err } = await run.ended;
    assert.equal(code, 130);
    const [, job = "", offset = ""] = /hwledger logs (\S+) --follow --offset (\d+)/.exec(err) ?? [];
    assert.equal((await cliJson(owner, "job", "show", job)).document["state"], "running");
    const rest = startCli(owner, ["logs", job, "--follow", "--offset", offset]);
    await writeFile(gate, "");
    assert.deepEqual(await rest.ended, { code: 0, out: "done\n", err: "" });
  });

  it("returns once the job runs when it is not followed; cancel ends it", async () => {
    const { code, document } = await cliJson(owner, ...dispatch("--env", `GATE=${join(dir, "never")}`));
    assert.deepEqual([code, document["state"], document["host"]], [0, "running", host]);
    const job = String(document["jobId"]);
    assert.equal((await cli(owner, "cancel", job)).code, 0);
    const followed = await cli(owner, "logs", job, "--follow");
    assert.equal(followed.code, 0);
    assert.equal((await cliJson(owner, "job", "show", job)).document["state"], "cancelled");
    assert.equal((await cliJson(owner, "cancel", job)).code, 4);
  });

  it("gives up following after the time it was given, and says that the job goes on", async () => {
    const gate = join(dir, "gate-patience");
    const patient = ["--follow", "--give-up-after", "1s"];
    const run = startCli(owner, dispatch("--env", `GATE=${gate}`, ...patient));
    await until(() => run.out().includes("100 %"), "the job writes");
    const [job = ""] = /j-[0-9a-f]+/.exec(run.err()) ?? [];
    const logs = startCli(owner, ["logs", job, ...patient]);
    await until(() => logs.out().includes("100 %"), "its log comes");
    await service.end("SIGKILL");
    const { code, err } = await run.ended;
    assert.equal(code, 255);
    assert.match(err, /Given up\. When last heard of, j-\w+ was running on .*; nothing ended it\./);
    assert.equal((await logs.ended).code, 3);
    await startService(Number(new URL(service.url).port));
    await writeFile(gate, "");
    assert.equal((await cli(owner, "logs", job, "--follow")).code, 0);
    assert.equal((await cliJson(owner, "job", "show", job)).document["exitCode"], 3);
  });

  it("says when it loses the service, and goes on when that is back", async () => {
    const gate = join(dir, "gate-lost");
    const run = startCli(owner, dispatch("--follow", "--env", `GATE=${gate}`));
    const watching = startCli(owner, ["watch", "--json"]);
    await until(() => run.out().includes("100 %"), "the job writes");
    await until(() => watching.out().includes("\n"), "a reading");
    await service.end("SIGKILL");
    await until(() => run.err().includes("Lost contact with the service at byte"), "it says so");
    await until(() => watching.err().includes("Lost contact with the service"), "watch says so too");
    const down = await cliJson(owner, "status");
    assert.deepEqual(
      [down.code, (down.document["problem"] as { code: string }).code],
      [3, "service-unreachable"],
    );
    await startService(Number(new URL(service.url).port));
    await writeFile(gate, "");
    const { code, out, err } = await run.ended;
    assert.equal(code, 3);
    assert.equal(out.split("done\n").length, 2);
    assert.match(err, /Connected again\./);
    await until(() => watching.err().includes("Connected again."), "watch says so too");
    watching.interrupt();
    assert.equal((await watching.ended).code, 0);
  });

  it("ends quietly when its reader leaves", async () => {
    const big = join(owner.cwd ?? "", "big.sh");
    await writeFile(
      big,
      "i=0; while [ $i -lt 20000 ]; do echo 'a line of sixty-four bytes, more or less, as logs go'; i=$((i+1)); done\n",
    );
    const { document } = await cliJson(owner, "dispatch", "big.sh", "--host", host, "--follow");
    assert.equal(document["exitCode"], 0);
    const { child, exit, err } = spawnCli(owner, ["logs", String(document["id"])]);
    await once(child.stdout, "data");
    child.stdout.destroy();
    assert.deepEqual(await exit, [0, null]);
    assert.equal(await err, "");
  });
});
