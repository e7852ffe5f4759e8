import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  createSpareShells,
  type MakeOfShells,
  type SpareShells,
} from "../../service/ssh/createSpareShells.ts";
import type { HostShell } from "../../protocol/shells/hostShell.ts";
import { startLab, type Lab } from "../lab/startLab.ts";
import { until } from "../support/until.ts";
import { aPool, runIn, targetOf, type PoolFixture } from "./sshPoolFixture.ts";

interface Pair {
  shells: readonly [HostShell, HostShell];
  wanted: Promise<void>;
}

describe("shells opened ahead", function () {
  this.timeout(30_000);
  let dir = "";
  let lab: Lab;
  let fixture: PoolFixture;
  let spares: SpareShells<Pair>;

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
    spares = createSpareShells(fixture.pool, pairUp, { pauseMs: 10, keptMs: 60_000 });
  });
  afterEach(() => {
    spares.close();
    fixture.pool.close();
  });

  const pairUp: MakeOfShells<Pair> = (shells, _, wanted) => Promise.resolve({ shells, wanted });
  const target = (name: string) => targetOf(lab.host(name));
  const open = (name: string) => fixture.pool.openShell(target(name));
  const shellsOn = (name: string) => fixture.pool.describe(target(name).id)?.shells ?? 0;
  /** The host is reached as by a job that finds nothing made ahead; the next one does. */
  async function firstUse(name: string): Promise<void> {
    assert.equal(spares.take(target(name)), null);
    (await open(name)).close();
    await until(() => shellsOn(name) === 2, "two are ahead");
    await delay(20); // both are open, what is made of them follows at once
  }

  it("serve the next who asks, with what the login shell printed meanwhile", async () => {
    await firstUse("chatty");
    const [first, second] = spares.take(target("chatty"))!.shells;
    assert.deepEqual(await runIn(first, "echo one; exit 3"), { out: "rc speaks\none\n", code: 3 });
    assert.deepEqual(await runIn(second, "echo two; exit 4"), { out: "rc speaks\ntwo\n", code: 4 });
    await until(() => shellsOn("chatty") === 2, "two are ahead again");
  });

  it("are made once there is a connection, however long that took", async () => {
    assert.equal(spares.take(target("chatty")), null);
    await delay(100);
    assert.equal(shellsOn("chatty"), 0, "nothing connects for them");
    (await open("chatty")).close();
    await until(() => shellsOn("chatty") === 2, "two are ahead");
  });

  it("are not opened where the host has no room to spare", async () => {
    const held = await Promise.all(Array.from({ length: 6 }, () => open("narrow")));
    // Two connections of four places each are known by now. Two places are left.
    assert.equal(spares.take(target("narrow")), null);
    await delay(500); // nothing new comes
    assert.equal(shellsOn("narrow"), 6);
    for (const shell of held) shell.close();
    await until(() => shellsOn("narrow") === 2, "two are ahead, once there is room");
  });

  it("are given up at once when others wait for a place", async () => {
    const held = [await open("narrow"), await open("narrow")];
    assert.equal(spares.take(target("narrow")), null);
    await until(() => shellsOn("narrow") === 4, "two are ahead");
    // Eight connections of four places each.
    const all = await Promise.all(Array.from({ length: 30 }, () => open("narrow")));
    assert.equal(shellsOn("narrow"), 32, "all places are held by those who asked");
    for (const shell of [...held, ...all]) shell.close();
  });

  it("tell whoever uses them when others wait for a place", async () => {
    const held = await Promise.all(Array.from({ length: 2 }, () => open("narrow")));
    assert.equal(spares.take(target("narrow")), null);
    await until(() => shellsOn("narrow") === 4, "two are ahead");
    await delay(20);
    const pair = spares.take(target("narrow"))!;
    const all = Array.from({ length: 29 }, () => open("narrow"));
    await pair.wanted;
    for (const shell of pair.shells) shell.close();
    for (const shell of [...held, ...(await Promise.all(all))]) shell.close();
  });

  it("are not handed out once they were given up, though they have not ended yet", async () => {
    const giveUp: (() => void)[] = [];
    spares.close();
    const shells = {
      openShell(...[to, options]: Parameters<typeof fixture.pool.openShell>) {
        if (options?.onWanted) giveUp.push(options.onWanted);
        return fixture.pool.openShell(to, options);
      },
    };
    spares = createSpareShells(shells, pairUp, { pauseMs: 10, keptMs: 60_000 });
    await firstUse("chatty");
    giveUp.at(-1)!();
    assert.equal(spares.take(target("chatty")), null);
  });

  it("are not handed out where nothing could be made of them, and are closed", async () => {
    spares.close();
    let made = 0;
    const refuse = () => {
      made += 1;
      return Promise.reject(new Error("the disk there is full"));
    };
    spares = createSpareShells<Pair>(fixture.pool, refuse, { pauseMs: 10, keptMs: 60_000 });
    assert.equal(spares.take(target("chatty")), null);
    (await open("chatty")).close();
    await until(() => made === 1 && shellsOn("chatty") === 0, "it was tried");
    await delay(200);
    assert.equal(made, 1, "not again and again");
    assert.equal(spares.take(target("chatty")), null);
  });

  it("are closed when nobody has asked for a while, and with the service", async () => {
    spares.close();
    spares = createSpareShells(fixture.pool, pairUp, { pauseMs: 10, keptMs: 1_500 });
    await firstUse("chatty");
    await until(() => shellsOn("chatty") === 0, "none is left");
    await firstUse("chatty");
    spares.close();
    await until(() => shellsOn("chatty") === 0, "none is left");
  });

  it("are not handed out once their connection has ended", async () => {
    await firstUse("chatty");
    await lab.host("chatty").stop();
    await until(() => shellsOn("chatty") === 0, "the connection has ended");
    await lab.host("chatty").start();
    assert.equal(spares.take(target("chatty")), null);
    assert.deepEqual(await runIn(await open("chatty"), "exit 5"), { out: "rc speaks\n", code: 5 });
  });
});
