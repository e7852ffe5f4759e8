import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { homeLayout } from "../../service/homeLayout.ts";
import { holdLock } from "../../service/store/holdLock.ts";
import { isHeld } from "../../service/runningService.ts";
import { until } from "../support/until.ts";
import { spawnCli, type CliWorld } from "./cliFixture.ts";

/** Commands of the processes that name the folder. */
async function processesOn(folder: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const commands = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
  return (await Promise.all(commands)).filter((command) => command.includes(folder));
}

describe("a service in the background", function () {
  this.timeout(60_000);
  let dir = "";
  let world: CliWorld;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "hwledger-detach-"));
    world = { home: join(dir, "fleet"), cwd: dir, env: { HOME: dir } };
  });
  after(async () => {
    await hwledger("down");
    await rm(dir, { recursive: true, force: true });
  });

  async function hwledger(...args: string[]) {
    const { child, exit } = spawnCli(world, [...args, "--json"]);
    const out = await buffer(child.stdout);
    const [code] = await exit;
    return { code, document: JSON.parse(out.toString("utf8")) as Record<string, unknown> };
  }
  const detach = (listen = "127.0.0.1:0") => hwledger("up", "--detach", "--listen", listen);

  it("runs on after the command has ended; a program gets no link that it did not ask for", async () => {
    const { code, document } = await detach();
    assert.equal(code, 0);
    assert.equal(document["link"], undefined);
    assert.equal(document["alreadyRunning"], false);
    const status = await hwledger("status");
    assert.deepEqual([status.code, status.document["url"]], [0, document["url"]]);
    const { document: tail } = await hwledger("ledger", "tail");
    assert.doesNotMatch(JSON.stringify(tail), /token\.created/);
  });

  it("is not started twice: the second call says where it runs", async () => {
    const [one, two] = await Promise.all([detach(), detach()]);
    for (const { code, document } of [one, two])
      assert.deepEqual([code, document["alreadyRunning"]], [0, true]);
    assert.equal(one.document["pid"], two.document["pid"]);
  });

  it("keeps what it prints to its owner", () => {
    assert.equal(statSync(homeLayout(world.home).startLog).mode & 0o777, 0o600);
  });

  it("ends cleanly when told, and telling it again does no harm", async () => {
    const { code, document } = await hwledger("down");
    assert.deepEqual([code, document["stopped"]], [0, true]);
    assert.equal(isHeld(homeLayout(world.home)), false);
    assert.equal(existsSync(homeLayout(world.home).serviceFile), false);
    assert.deepEqual((await hwledger("down")).document["stopped"], false);
    assert.equal((await hwledger("status")).code, 3);
  });

  it("is marked as stopped by a person before it ends, until it is started again", async () => {
    const { stoppedMark, serviceFile } = homeLayout(world.home);
    await detach();
    assert.equal(existsSync(stoppedMark), false);
    let isOver = false;
    const down = hwledger("down").finally(() => (isOver = true));
    while (existsSync(serviceFile) && !isOver) await delay(1);
    assert.equal(existsSync(stoppedMark), true);
    await down;
    assert.equal(existsSync(stoppedMark), true);
    const { document } = await detach();
    assert.equal(existsSync(stoppedMark), false);
    process.kill(Number(document["pid"]), "SIGTERM");
    await until(() => !existsSync(serviceFile), "the service ends");
    assert.equal(existsSync(stoppedMark), false);
  });

  it("leaves no mark in a folder that is no fleet's", async () => {
    const { child, exit } = spawnCli(world, ["down", "--data", dir]);
    await buffer(child.stdout);
    assert.deepEqual([(await exit)[0], existsSync(join(dir, "stopped"))], [0, false]);
  });

  it("gives a person a link to get in with", async () => {
    const { child, exit } = spawnCli(world, ["up", "--detach", "--listen", "127.0.0.1:0"]);
    const text = (await buffer(child.stdout)).toString("utf8");
    assert.deepEqual([(await exit)[0], /^ {2}hwledger:\/\/join\?/m.test(text)], [0, true], text);
    assert.equal((await hwledger("down")).code, 0);
  });

  it("comes back on the address that members know", async () => {
    const first = await detach();
    await hwledger("down");
    const second = await detach();
    assert.equal(second.document["url"], first.document["url"]);
    await hwledger("down");
  });

  it("listens where it did last when told so, at first on this machine only", async () => {
    const elsewhere = { ...world, home: join(dir, "elsewhere") };
    const up = async (listen: string) => {
      const { child, exit } = spawnCli(elsewhere, ["up", "--detach", "--json", "--listen", listen]);
      const out = await buffer(child.stdout);
      await exit;
      await spawnCli(elsewhere, ["down"]).exit;
      return new URL((JSON.parse(out.toString("utf8")) as { url: string }).url).hostname;
    };
    assert.equal(await up("last:0"), "127.0.0.1");
    assert.equal(await up("127.0.0.2:0"), "127.0.0.2");
    assert.equal(await up("last:0"), "127.0.0.2");
  });

  it("leaves nothing behind when Ctrl-C gives the start up", async () => {
    const given = { ...world, home: join(dir, "given-up") };
    const layout = homeLayout(given.home);
    const { child, exit, err } = spawnCli(given, ["up", "--detach", "--listen", "127.0.0.1:0"]);
    await until(() => existsSync(layout.startLog), "the start of its process");
    child.kill("SIGINT");
    assert.deepEqual([(await exit)[0], isHeld(layout)], [130, false]);
    assert.match(await err, /start was given up: no service runs on/);
    assert.deepEqual(await processesOn(given.home), []);
  });

  it("leaves alone what runs already when a start is given up, and marks nothing", async () => {
    const layout = homeLayout(world.home);
    await detach();
    const { child, exit } = spawnCli(world, ["up", "--detach", "--listen", "127.0.0.1:0"]);
    await delay(150);
    child.kill("SIGTERM");
    await exit;
    assert.deepEqual([isHeld(layout), existsSync(layout.stoppedMark)], [true, false]);
    assert.equal((await hwledger("status")).code, 0);
    await hwledger("down");
  });

  it("starts none where one that it has waited for was given up", async () => {
    const waiting = { ...world, home: join(dir, "waiting") };
    const layout = homeLayout(waiting.home);
    const lock = holdLock(layout.lock); // as a service on its way up
    assert.ok(lock);
    const { child, exit } = spawnCli(waiting, ["up", "--detach", "--json", "--listen", "127.0.0.1:0"]);
    const out = buffer(child.stdout);
    await delay(1_500);
    assert.equal(child.exitCode, null);
    writeFileSync(layout.stoppedMark, "");
    lock.release();
    assert.notEqual((await exit)[0], 0);
    assert.match((await out).toString("utf8"), /"service-stopping"/);
    assert.deepEqual([isHeld(layout), existsSync(layout.startLog)], [false, false]);
  });

  it("says what keeps it from starting", async () => {
    const { code, document } = await detach("203.0.113.7:1");
    assert.equal(code, 2);
    assert.match((document["problem"] as { detail: string }).detail, /203\.0\.113\.7:1/);
  });

  it("keeps no secret of what it prints: of an address that is none, of what nobody foresaw", async () => {
    const { startLog, serviceFile } = homeLayout(world.home);
    const token = randomBytes(24).toString("base64url");
    const { document } = await detach(`${token}:1`);
    const told = readFileSync(startLog, "utf8");
    assert.match(told, /It cannot listen on <secret>:1/);
    assert.ok(!told.includes(token) && !JSON.stringify(document).includes(token), told);
    assert.equal((document["problem"] as { code: string }).code, "usage");

    const fault = join(dir, "fault.cjs");
    const what = `process.argv.includes("--in-background") && require("node:fs").existsSync(${JSON.stringify(serviceFile)})`;
    writeFileSync(fault, `setInterval(() => { if (${what}) throw new Error("password=sesame"); }, 50);`);
    const { child, exit } = spawnCli(
      { ...world, env: { ...world.env, NODE_OPTIONS: `--require ${fault}` } },
      [...["up", "--detach", "--json", "--listen", "127.0.0.1:0"]],
    );
    child.stdout.resume();
    await until(() => /Error: password=/.test(readFileSync(startLog, "utf8")), "it has failed", 30_000);
    child.kill("SIGKILL"); // of a start that it saw or not
    await exit;
    await until(() => !isHeld(homeLayout(world.home)), "the service is gone");
    assert.match(readFileSync(startLog, "utf8"), /Error: password=<hidden>\n +at /);
  });

  it("starts once when two start it at the same moment", async () => {
    const [one, two] = await Promise.all([detach(), detach()]);
    assert.deepEqual([one.code, two.code], [0, 0]);
    assert.equal(one.document["pid"], two.document["pid"]);
    await hwledger("down");
  });
});
