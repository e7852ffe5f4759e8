import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { createSpareShells } from "../../service/ssh/createSpareShells.ts";
import { startLab, type Lab } from "../lab/startLab.ts";
import { until } from "../support/until.ts";
import { aPool, runIn, targetOf, type PoolFixture } from "./sshPoolFixture.ts";

describe("shells opened ahead", function () {
  this.timeout(30_000);
  let dir = "";
  let lab: Lab;
  let fixture: PoolFixture;
  let spares: ReturnType<typeof createSpareShells>;

  before(async function () {
    this.timeout(60_000);
    dir = await mkdtemp(join(os.tmpdir(), "hwl-spares-"));
    const chatty = { name: "chatty", loginShell: "bash", rcText: "echo rc speaks\n" } as const;
    const hosts = [chatty, { name: "narrow", sshdConfig: ["MaxSessions 4"] }];
    lab = await startLab({ dir: join(dir, "lab"), hosts });
  });
  after(async () => {
    await lab.stop();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(() => {
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile, timing: { tenureMs: 0 } });
    spares = createSpareShells(fixture.pool, { pauseMs: 10, keptMs: 60_000 });
  });
  afterEach(() => {
    spares.close();
    fixture.pool.close();
  });

  const open = (name: string) => spares.openShell(targetOf(lab.host(name)), { ahead: true });
  const shellsOn = (name: string) => fixture.pool.describe(targetOf(lab.host(name)).id)?.shells ?? 0;

  it("serve the next who asks, with what the login shell printed meanwhile", async () => {
    const first = await open("chatty");
    assert.equal(first.isSpare, undefined);
    assert.deepEqual(await runIn(first, "echo one; exit 3"), { out: "rc speaks\none\n", code: 3 });
    await until(() => shellsOn("chatty") === 2, "two are ahead");
    const [second, third] = await Promise.all([open("chatty"), open("chatty")]);
    assert.deepEqual([second.isSpare, third.isSpare], [true, true]);
    assert.deepEqual(await runIn(second, "echo two; exit 4"), { out: "rc speaks\ntwo\n", code: 4 });
    third.close();
    await until(() => shellsOn("chatty") === 2, "two are ahead again");
  });

  it("are for those alone who ask for one", async () => {
    (await open("chatty")).close();
    await until(() => shellsOn("chatty") === 2, "two are ahead");
    const shell = await spares.openShell(targetOf(lab.host("chatty")));
    assert.equal(shell.isSpare, undefined);
    assert.equal(shellsOn("chatty"), 3);
    shell.close();
  });

  it("are not opened where the host has no room to spare", async () => {
    const target = targetOf(lab.host("narrow"));
    const held = await Promise.all(Array.from({ length: 5 }, () => fixture.pool.openShell(target)));
    // Two connections of four places each are known by now. With this one, two places are left.
    const asked = await open("narrow");
    await new Promise((resolve) => setTimeout(resolve, 500)); // nothing new comes
    assert.equal(shellsOn("narrow"), 6);
    for (const shell of held) shell.close();
    await until(() => shellsOn("narrow") === 1, "five places are free again");
    (await open("narrow")).close();
    await until(() => shellsOn("narrow") === 3, "two are ahead");
    asked.close();
  });

  it("are given up at once when others wait for a place", async () => {
    const target = targetOf(lab.host("narrow"));
    const held = [await open("narrow"), await fixture.pool.openShell(target)];
    await until(() => fixture.pool.describe(target.id)?.shells === 4, "two are ahead");
    // Eight connections of four places each.
    const all = await Promise.all(Array.from({ length: 30 }, () => fixture.pool.openShell(target)));
    assert.equal(shellsOn("narrow"), 32, "all places are held by those who asked");
    for (const shell of [...held, ...all]) shell.close();
  });

  it("are not handed out once they were given up, though they have not ended yet", async () => {
    const giveUp: (() => void)[] = [];
    spares.close();
    spares = createSpareShells(
      {
        openShell(target, options) {
          if (options?.ifRoom && options.onWanted) giveUp.push(options.onWanted);
          return fixture.pool.openShell(target, options);
        },
      },
      { pauseMs: 10, keptMs: 60_000 },
    );
    (await open("chatty")).close();
    await until(() => giveUp.length === 2 && shellsOn("chatty") === 2, "two are ahead");
    for (const give of giveUp.splice(0)) give();
    const shell = await open("chatty");
    assert.equal(shell.isSpare, undefined);
    assert.deepEqual(await runIn(shell, "echo mine; exit 6"), { out: "rc speaks\nmine\n", code: 6 });
  });

  it("are closed when nobody has asked for a while, and with the service", async () => {
    spares.close();
    spares = createSpareShells(fixture.pool, { pauseMs: 10, keptMs: 1_500 });
    (await open("chatty")).close();
    await until(() => shellsOn("chatty") === 2, "two are ahead");
    await until(() => shellsOn("chatty") === 0, "none is left");
    (await open("chatty")).close();
    await until(() => shellsOn("chatty") === 2, "two are ahead");
    spares.close();
    await until(() => shellsOn("chatty") === 0, "none is left");
  });

  it("are not handed out once their connection has ended", async () => {
    (await open("chatty")).close();
    await until(() => shellsOn("chatty") === 2, "two are ahead");
    await lab.host("chatty").stop();
    await until(() => shellsOn("chatty") === 0, "the connection has ended");
    await lab.host("chatty").start();
    const shell = await open("chatty");
    assert.deepEqual(await runIn(shell, "exit 5"), { out: "rc speaks\n", code: 5 });
  });
});
