import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { requestFor } from "../../protocol/client/makeCertificateRequest.ts";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";
import { until } from "../support/until.ts";
import { cli, cliJson, spawnCli, startCli, type CliWorld } from "./cliFixture.ts";

describe("the command line, for the fleet", function () {
  this.timeout(60_000);
  let dir = "";
  let service: ServiceProcess;
  let owner: CliWorld;
  let host = "";

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "hwledger-clif-"));
    for (const folder of ["user", "fleet"]) await mkdir(join(dir, folder));
    owner = { home: join(dir, "fleet") };
    service = await startServiceProcess(owner.home, { env: { HOME: join(dir, "user") } });
    const { document } = await cliJson(owner, "host", "ls");
    host = String((document as unknown as { name: string }[])[0]?.name);
  });
  after(async () => {
    await service.end("SIGTERM");
    await rm(dir, { recursive: true, force: true });
  });

  it("adds a machine that its agent alone reaches, and says what to run there", async () => {
    const added = await cli(owner, "host", "add", "nat-box", "--agent", "--rate", "0.5");
    assert.equal(added.code, 0, added.err);
    assert.match(
      added.out,
      /hwledger-agent\.cjs join 'hwledger:\/\/join\?[^']+'\n.*hwledger-agent\.cjs install/,
    );
    const file = /^ {2}(\/\S+hwledger-agent\.cjs)$/m.exec(added.out)?.[1] ?? "";
    assert.ok(existsSync(file), added.out);
    const shown = await cliJson(owner, "host", "show", "nat-box");
    assert.deepEqual(shown.document["connection"], { kind: "agent" });
    assert.equal(shown.document["rateMicroUsdPerHour"], 500_000);
    const wrong = await cli(owner, "host", "add", "other", "ada@192.0.2.1", "--agent");
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /A host with --agent has no address/);
    assert.equal((await cli(owner, "host", "rm", "nat-box")).code, 0);
  });

  it("lets another member join by link, retry after a lost answer, and do what the role allows", async () => {
    const made = await cliJson(owner, "token", "create", "--role", "viewer", "--ttl", "5m");
    const link = String(made.document["link"]);
    const guest: CliWorld = { home: join(dir, "guest") };
    const joined = await cliJson(guest, "join", link, "--name", "bo");
    assert.deepEqual([joined.code, joined.document["member"], joined.document["role"]], [0, "bo", "viewer"]);
    const identityFile = join(guest.home, "identity.json");
    assert.equal((await stat(identityFile)).mode & 0o777, 0o600);
    assert.equal((await stat(guest.home)).mode & 0o777, 0o700);
    assert.ok(!existsSync(join(guest.home, "joining.json")));

    // As after a lost answer: the token is spent, the key was kept.
    const { keyPem } = JSON.parse(await readFile(identityFile, "utf8")) as { keyPem: string };
    const token = new URL(link).searchParams.get("token");
    await rm(identityFile);
    const pending = { token, keyPem, csrPem: requestFor(keyPem, "bo") };
    await writeFile(join(guest.home, "joining.json"), JSON.stringify(pending));
    assert.equal((await cliJson(guest, "join", link, "--name", "bo")).document["member"], "bo");

    const refused = await cliJson(guest, "host", "rm", host);
    assert.deepEqual(
      [refused.code, (refused.document["problem"] as { code: string }).code],
      [4, "role-insufficient"],
    );
    assert.equal((await cli(guest, "host", "ls")).code, 0);
    const other = link.replace(/ca=[0-9a-f]{64}/, `ca=${"0".repeat(64)}`);
    const home = join(dir, "another");
    const another = await startServiceProcess(home, { env: { HOME: join(dir, "user") } });
    try {
      const foreign = await cliJson(guest, "join", another.link);
      assert.equal((foreign.document["problem"] as { code: string }).code, "already-joined");
      assert.match((foreign.document["problem"] as { detail: string }).detail, /guest/);
    } finally {
      await another.end("SIGTERM");
    }
    const stranger = await cliJson({ home: join(dir, "stranger") }, "join", other);
    assert.deepEqual(
      [stranger.code, (stranger.document["problem"] as { code: string }).code],
      [3, "service-untrusted"],
    );
  });

  it("reads a join link from its input, where no list of processes shows it", async () => {
    const made = await cliJson(owner, "token", "create", "--role", "viewer");
    const world: CliWorld = { home: join(dir, "asked"), tty: true };
    const run = startCli(world, ["join", "--name", "cy"]);
    await until(() => run.err().includes("Join link: "), "it asks");
    run.type(`\n  ${String(made.document["link"])}  \n`);
    const { code, out } = await run.ended;
    assert.equal(code, 0);
    assert.match(out, /You are cy \(viewer\)/);
  });

  it("sets a host's rate, interpreter and probing", async () => {
    const set = await cliJson(owner, "host", "set", host, "--rate", "1.29", "--venv", "/opt/torch/");
    assert.equal(set.document["rateMicroUsdPerHour"], 1_290_000);
    assert.equal(set.document["python"], "/opt/torch/bin/python");
    const unset = await cliJson(owner, "host", "set", host, "--rate", "none", "--python", "none");
    assert.deepEqual([unset.document["rateMicroUsdPerHour"], unset.document["python"]], [null, null]);
    assert.equal((await cli(owner, "host", "set", host)).code, 2);
  });

  it("shows the ledger, follows it line by line, and verifies it", async () => {
    const tail = startCli(owner, ["ledger", "tail", "--follow", "-n", "2", "--json"]);
    await until(() => tail.out().split("\n").length > 2, "the newest events");
    await cli(owner, "host", "set", host, "--probe", "on");
    await until(() => tail.out().includes('"host.changed"'), "the new event");
    tail.interrupt();
    const { code, out } = await tail.ended;
    assert.equal(code, 0);
    const lines = out.trimEnd().split("\n");
    const seqs = lines.map((line) => (JSON.parse(line) as { seq: number }).seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, at) => (seqs[0] ?? 0) + at),
    );
    const verdict = await cliJson(owner, "ledger", "verify");
    assert.deepEqual([verdict.code, verdict.document["ok"]], [0, true]);
    assert.equal(verdict.document["events"], seqs.at(-1));
  });

  it("watches: one reading per line with --json, a table without", async () => {
    const json = startCli(owner, ["watch", host, "--json"]);
    const text = startCli({ ...owner, tty: true }, ["watch"]);
    await until(() => json.out().split("\n").length > 2, "two readings", 20_000);
    await until(() => text.out().includes("\u001b[J"), "the table");
    json.interrupt();
    text.interrupt();
    assert.equal((await text.ended).code, 0);
    const { code, out } = await json.ended;
    assert.equal(code, 0);
    const readings = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { atMs: number });
    assert.ok(readings.every(({ atMs }, at) => at === 0 || atMs > (readings[at - 1]?.atMs ?? 0)));
    const nobody = await cli(owner, "watch", "nobody", "--json");
    assert.equal(nobody.code, 4);
    assert.match(nobody.out, /^\{"problem":.*\}\n$/, "a line of the stream");
  });

  it("ends `up` cleanly at Ctrl-C, and a second one names the first", async () => {
    const world: CliWorld = { home: join(dir, "second"), cwd: dir, env: { HOME: join(dir, "user") } };
    await mkdir(world.home);
    const { child, exit, err } = spawnCli(world, ["up", "--listen", "127.0.0.1:0", "--json"]);
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    const first = JSON.parse(line) as Record<string, unknown>;
    assert.equal(first["alreadyRunning"], false);
    assert.match(String(first["link"]), /^hwledger:\/\/join\?/);
    const second = await cli(world, "up", "--listen", "127.0.0.1:0", "--json");
    assert.equal(second.out.trimEnd().split("\n").length, 1, "one line, as the first");
    const document = JSON.parse(second.out) as Record<string, unknown>;
    assert.deepEqual([second.code, document["url"], document["alreadyRunning"]], [0, first["url"], true]);
    // As a terminal and the launcher together do.
    child.kill("SIGINT");
    child.kill("SIGINT");
    assert.deepEqual(await exit, [0, null]);
    assert.match(await err, /Stopped\./);
    assert.equal((await cli(world, "status")).code, 3);
  });

  it("prints commands that run as they stand, in another terminal, when `npm start` ran it", async () => {
    const project = join(dir, "a clone");
    const env = {
      HOME: join(dir, "user"),
      HWLEDGER_VSIX: join(project, "x.vsix"),
      HWLEDGER_PROJECT: project,
    };
    const up = startCli({ home: join(dir, "third"), cwd: dir, env }, ["up", "--listen", "127.0.0.1:0"]);
    await until(() => up.out().includes("In another terminal"), "it says so");
    const said = up.out().slice(up.out().indexOf("In another terminal"));
    up.interrupt();
    assert.equal((await up.ended).code, 0);
    const [first, second] = said.split("\n").slice(1);
    assert.equal(first?.trim(), `cd '${project}'`);
    assert.match(second ?? "", /npx hwledger host ls$/);
  });

  it("ends with 5 and names the first bad event where the ledger was tampered with", async () => {
    const database = new Database(join(owner.home, "fleet.sqlite"));
    database.exec("DROP TRIGGER events_no_update; UPDATE events SET actor = 'nobody' WHERE seq = 3");
    database.close();
    const { code, document } = await cliJson(owner, "ledger", "verify");
    assert.deepEqual([code, document["ok"]], [5, false]);
    assert.equal((document["firstBad"] as { seq: number }).seq, 3);
    const { code: again, out } = await cli(owner, "ledger", "verify");
    assert.equal(again, 5);
    assert.match(out, /does NOT hold: event 3 of \d+ is bad/);
  });

  it("says which file it cannot use instead of failing with a stack", async () => {
    const file = join(dir, "not-a-folder");
    await writeFile(file, "");
    const { code, err } = await cli({ home: join(file, "fleet") }, "up", "--listen", "127.0.0.1:0");
    assert.equal(code, 4);
    assert.match(err, /not-a-folder: a part of its path is a file, not a folder/);
    assert.doesNotMatch(err, /\n {4}at /);
  });
});
