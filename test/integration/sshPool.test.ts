import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { startLab, type Lab } from "../lab/startLab.ts";
import { aPool, refusedWith, runIn, targetOf, type PoolFixture } from "./sshPoolFixture.ts";

describe("the SSH pool", function () {
  this.timeout(20_000);
  let dir = "";
  let lab: Lab;
  let fixture: PoolFixture;

  before(async function () {
    this.timeout(60_000);
    dir = await mkdtemp(join(os.tmpdir(), "hwl-ssh-"));
    lab = await startLab({
      dir: join(dir, "lab"),
      hosts: [
        { name: "plain" },
        { name: "narrow", sshdConfig: ["MaxSessions 2"] },
        { name: "chatty", loginShell: "bash", rcText: "echo rc speaks\n" },
        { name: "fishy", loginShell: "fish", rcText: "echo fish speaks\n" },
        { name: "rekeying", sshdConfig: ["RekeyLimit 1M"] },
      ],
    });
  });
  after(async () => {
    await lab.stop();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(() => {
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile });
  });
  afterEach(() => {
    fixture.pool.close();
  });

  it("logs in by key and gives a shell with its true exit code", async () => {
    const shell = await fixture.pool.openShell(targetOf(lab.host("plain")));
    assert.deepEqual(await runIn(shell, "echo hello; exit 7"), { out: "hello\n", code: 7 });
  });

  it("opens six shells at once where the host allows two on a connection", async () => {
    const target = targetOf(lab.host("narrow"));
    const shells = await Promise.all([1, 2, 3, 4, 5, 6].map(() => fixture.pool.openShell(target)));
    assert.deepEqual(fixture.pool.describe(target.id)?.connections, 3);
    const outs = await Promise.all(shells.map((shell, index) => runIn(shell, `echo ${index}`)));
    assert.deepEqual(
      outs.map((one) => one.out),
      ["0\n", "1\n", "2\n", "3\n", "4\n", "5\n"],
    );
  });

  it("opens one connection for all who ask at once, and a second one past eight shells", async () => {
    const target = targetOf(lab.host("plain"));
    const open = () => fixture.pool.openShell(target);
    const shells = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(open));
    assert.equal(fixture.pool.describe(target.id)?.connections, 1);
    const ninth = await open();
    assert.deepEqual(fixture.pool.describe(target.id), {
      transport: "ssh2",
      sinceMs: fixture.pool.describe(target.id)?.sinceMs,
      connections: 2,
      shells: 9,
    });
    for (const shell of [...shells, ninth]) shell.close();
    await Promise.all([...shells, ninth].map((shell) => shell.exited));
  });

  it("makes the surplus wait until a shell ends", async () => {
    const target = targetOf(lab.host("narrow"));
    const shells = await Promise.all(Array.from({ length: 16 }, () => fixture.pool.openShell(target)));
    const late = fixture.pool.openShell(target);
    assert.equal((await runIn(shells[0] ?? assert.fail(), "echo done")).out, "done\n");
    assert.equal((await runIn(await late, "echo late")).out, "late\n");
  });

  it("refuses the surplus when no shell ends in time", async () => {
    fixture.pool.close();
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile, timing: { queueMs: 200 } });
    const target = targetOf(lab.host("narrow"));
    await Promise.all(Array.from({ length: 16 }, () => fixture.pool.openShell(target)));
    const facts = await refusedWith(fixture.pool.openShell(target), "host-sessions-taken");
    assert.deepEqual([facts["sessions"], facts["waitedMs"]], [16, 200]);
  });

  it("lets the patient wait beyond that, behind the others", async () => {
    fixture.pool.close();
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile, timing: { queueMs: 200 } });
    const target = targetOf(lab.host("narrow"));
    const shells = await Promise.all(Array.from({ length: 16 }, () => fixture.pool.openShell(target)));
    const patient = fixture.pool.openShell(target, { patient: true });
    await refusedWith(fixture.pool.openShell(target), "host-sessions-taken");
    await runIn(shells[0] ?? assert.fail(), "true");
    assert.equal((await runIn(await patient, "echo late")).out, "late\n");
  });

  it("asks the longest holder that can do without for its place, once it had it for a while", async () => {
    fixture.pool.close();
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile, timing: { tenureMs: 50 } });
    const target = targetOf(lab.host("narrow"));
    const asked: number[] = [];
    const shells = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        fixture.pool.openShell(target, index < 2 ? {} : { onWanted: () => asked.push(index) }),
      ),
    );
    const late = fixture.pool.openShell(target, { patient: true });
    await until(() => asked.length > 0);
    assert.equal(asked.length, 1, "one waits, one is asked");
    shells[asked[0] ?? 0]?.close();
    assert.equal((await runIn(await late, "echo late")).out, "late\n");
  });

  it("passes what rc files print before ours, under bash and fish alike", async () => {
    for (const [name, rc] of [
      ["chatty", "rc speaks"],
      ["fishy", "fish speaks"],
    ] as const) {
      const shell = await fixture.pool.openShell(targetOf(lab.host(name)));
      assert.deepEqual(await runIn(shell, "echo $0"), { out: `${rc}\n/bin/sh\n`, code: 0 });
    }
  });

  it("tells a signal from an exit code", async () => {
    const shell = await fixture.pool.openShell(targetOf(lab.host("plain")));
    shell.stdin.end("kill -9 $$\n");
    assert.deepEqual(await shell.exited, { code: null, signal: "SIGKILL" });
    shell.close();
  });

  it("rejects open shells when the connection is cut, and connects again for the next", async () => {
    const host = lab.host("plain");
    const target = targetOf(host);
    const lost: string[] = [];
    fixture.pool.onLost(({ hostId }) => lost.push(hostId));
    const shells = await Promise.all([1, 2].map(() => fixture.pool.openShell(target)));
    await host.cutConnections();
    for (const shell of shells) await assert.rejects(shell.exited, { code: "host-connection-lost" });
    assert.deepEqual(lost, [target.id]);
    assert.equal(fixture.pool.describe(target.id), null);
    assert.equal((await runIn(await fixture.pool.openShell(target), "echo back")).out, "back\n");
  });

  it("gives up a host that freezes, within its limits, and finds it again later", async () => {
    const host = lab.host("plain");
    const target = targetOf(host);
    fixture.pool.close();
    const timing = { keepaliveIntervalMs: 100, keepaliveCountMax: 2, handshakeMs: 500, openShellMs: 5_000 };
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile, timing });
    const shell = await fixture.pool.openShell(target);
    await host.freeze();
    try {
      await assert.rejects(shell.exited, { code: "host-connection-lost" });
      await refusedWith(fixture.pool.openShell(target), "host-unreachable");
    } finally {
      await host.thaw();
    }
    assert.equal((await runIn(await fixture.pool.openShell(target), "echo back")).out, "back\n");
  });

  it("takes a connection that opens no shell in time for lost", async () => {
    const host = lab.host("plain");
    const target = targetOf(host);
    fixture.pool.close();
    const timing = { openShellMs: 200, handshakeMs: 300 };
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile, timing });
    const shell = await fixture.pool.openShell(target);
    await host.freeze();
    try {
      await refusedWith(fixture.pool.openShell(target), "host-unreachable");
      await assert.rejects(shell.exited, { code: "host-connection-lost" });
    } finally {
      await host.thaw();
    }
  });

  it("carries megabytes both ways unharmed while both sides change keys", async () => {
    fixture.pool.close();
    const timing = { rekeyBytes: 1024 * 1024, rekeyMs: 20 };
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile, timing });
    for (const name of ["plain", "rekeying"]) {
      const shell = await fixture.pool.openShell(targetOf(lab.host(name)));
      const payload = randomBytes(20 * 1024 * 1024);
      // a shell may read ahead: the payload follows once it is cat that reads
      shell.stdin.write("echo ready; exec cat\n");
      await once(shell.stdout, "data");
      const received = createHash("sha256");
      const ended = (async () => {
        for await (const chunk of shell.stdout) received.update(chunk as Buffer);
      })();
      shell.stdin.end(payload);
      await ended;
      assert.equal(received.digest("hex"), createHash("sha256").update(payload).digest("hex"), name);
      shell.close();
    }
  });

  it("lets a caller give up, before and while it waits", async () => {
    const target = targetOf(lab.host("narrow"));
    const gone = AbortSignal.abort();
    await assert.rejects(fixture.pool.openShell(target, { signal: gone }), { code: "host-connection-lost" });
    const controller = new AbortController();
    const attempt = fixture.pool.openShell(target, { signal: controller.signal });
    controller.abort();
    await assert.rejects(attempt, { code: "host-connection-lost" });
    assert.equal((await runIn(await fixture.pool.openShell(target), "echo still")).out, "still\n");
  });

  it("closes a connection that nobody uses, and opens it again", async () => {
    fixture.pool.close();
    fixture = aPool({ home: dir, configFile: lab.sshConfigFile, timing: { idleMs: 50 } });
    const target = targetOf(lab.host("plain"));
    const shell = await fixture.pool.openShell(target);
    await runIn(shell, "true");
    await until(() => fixture.pool.describe(target.id) === null);
    assert.equal((await runIn(await fixture.pool.openShell(target), "echo again")).out, "again\n");
  });

  it("ends every shell and takes no new one once it is closed", async () => {
    const target = targetOf(lab.host("plain"));
    const shell = await fixture.pool.openShell(target);
    fixture.pool.close();
    await assert.rejects(shell.exited, { code: "host-connection-lost" });
    await refusedWith(fixture.pool.openShell(target), "service-stopping");
  });

  it("lets go of a shell whose command still runs, and the place becomes free", async () => {
    const target = targetOf(lab.host("plain"));
    const shell = await fixture.pool.openShell(target);
    shell.stdin.write("echo started; while sleep 0.05; do echo tick; done\n");
    await once(shell.stdout, "data");
    shell.close();
    await until(() => fixture.pool.describe(target.id)?.shells === 0);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const limit = AbortSignal.timeout(5_000);
  while (!condition()) {
    limit.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
