import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { startLab, type Lab } from "../lab/startLab.ts";
import { aPool, configFor, refusedWith, runIn, targetOf, type PoolFixture } from "./sshPoolFixture.ts";

describe("ways to a host", function () {
  this.timeout(30_000);
  let dir = "";
  let lab: Lab;
  const fixtures: PoolFixture[] = [];

  before(async function () {
    this.timeout(60_000);
    dir = await mkdtemp(join(os.tmpdir(), "hwl-ssh-"));
    lab = await startLab({ dir: join(dir, "lab"), hosts: [{ name: "gate" }, { name: "inner" }] });
  });
  afterEach(async () => {
    for (const fixture of fixtures.splice(0)) fixture.pool.close();
    await lab.host("gate").start();
  });
  after(async () => {
    await lab.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function poolWith(
    changes: Record<string, string>,
    gate: Record<string, string> = {},
  ): Promise<PoolFixture> {
    const configFile = join(dir, `config-${fixtures.length}`);
    const config = configFor("inner", lab.host("inner"), changes) + configFor("gate", lab.host("gate"), gate);
    await writeFile(configFile, config);
    const fixture = aPool({ home: dir, configFile, timing: { attendGraceMs: 0, connectMs: 3_000 } });
    fixtures.push(fixture);
    return fixture;
  }
  const inner = () => targetOf(lab.host("inner"));
  const throughSsh = () => `ssh -F ${join(dir, "proxy-config")} -W [%h]:%p gate`;
  const writeProxyConfig = () => writeFile(join(dir, "proxy-config"), configFor("gate", lab.host("gate")));

  it("goes through a jump host, and back again after that was away", async () => {
    const { pool } = await poolWith({ ProxyJump: "gate" });
    const shell = await pool.openShell(inner());
    assert.equal((await runIn(shell, "hostname; echo $SSH_CONNECTION")).out.split("\n")[0], "inner");
    const cut = await pool.openShell(inner());
    await lab.host("gate").stop();
    await assert.rejects(cut.exited, { code: "host-connection-lost" });
    assert.match(
      String((await refusedWith(pool.openShell(inner()), "host-unreachable"))["address"]),
      /jump host/,
    );
    await lab.host("gate").start();
    assert.equal((await runIn(await pool.openShell(inner()), "echo back")).out, "back\n");
  });

  it("checks the key of the jump host too", async () => {
    const { pool, answerWith } = await poolWith({ ProxyJump: "gate" }, { UserKnownHostsFile: "/dev/null" });
    const facts = await refusedWith(pool.openShell(inner()), "host-key-unknown");
    assert.equal(facts["fingerprint"], lab.host("gate").hostKeyFingerprint);
    answerWith((prompt) => prompt.fingerprint);
    const shell = await pool.openShell(inner(), { attended: true });
    assert.equal((await runIn(shell, "echo in")).out, "in\n");
  });

  it("says that a host is down", async () => {
    const { pool } = await poolWith({});
    await lab.host("gate").stop();
    const facts = await refusedWith(pool.openShell(targetOf(lab.host("gate"))), "host-unreachable");
    assert.equal(facts["reason"], "connection refused");
  });

  it("says that a host name does not exist", async () => {
    const { pool } = await poolWith({ HostName: "no-such-host.invalid" });
    const facts = await refusedWith(pool.openShell(inner()), "host-unreachable");
    assert.match(String(facts["reason"]), /no such host name|could not be looked up/);
  });

  it("names the line of an SSH configuration that OpenSSH refuses", async () => {
    const { pool } = await poolWith({ NoSuchOption: "yes" });
    assert.match(
      String((await refusedWith(pool.openShell(inner()), "ssh-config-invalid"))["reason"]),
      /line 9/,
    );
  });

  describe("by the system's ssh", () => {
    before(writeProxyConfig);

    it("uses it for a ProxyCommand, with true exit codes and raw streams", async () => {
      const { pool } = await poolWith({ ProxyCommand: throughSsh() });
      const shell = await pool.openShell(inner());
      assert.equal(pool.describe(inner().id)?.transport, "system-ssh");
      assert.deepEqual(await runIn(shell, "hostname; exit 255"), { out: "inner\n", code: 255 });
      const shells = await Promise.all([1, 2, 3, 4].map(() => pool.openShell(inner())));
      const outs = await Promise.all(shells.map((one, index) => runIn(one, `echo ${index}; exit ${index}`)));
      assert.deepEqual(
        outs,
        [0, 1, 2, 3].map((index) => ({ out: `${index}\n`, code: index })),
      );
      assert.equal(pool.describe(inner().id)?.connections, 1);
    });

    it("judges the host's key by the same rules", async () => {
      const { pool, accepted, answerWith } = await poolWith({
        ProxyCommand: throughSsh(),
        UserKnownHostsFile: "/dev/null",
        StrictHostKeyChecking: "no",
      });
      const fingerprint = lab.host("inner").hostKeyFingerprint;
      assert.equal(
        (await refusedWith(pool.openShell(inner()), "host-key-unknown"))["fingerprint"],
        fingerprint,
      );
      const wrong = targetOf(lab.host("inner"), { hostKey: `SHA256:${"A".repeat(43)}` });
      assert.equal(
        (await refusedWith(pool.openShell(wrong), "host-key-changed"))["fingerprint"],
        fingerprint,
      );
      const pinned = targetOf(lab.host("inner"), { hostKey: fingerprint });
      assert.equal((await runIn(await pool.openShell(pinned), "echo pinned")).out, "pinned\n");
      const person = answerWith((prompt) => prompt.fingerprint);
      const shell = await pool.openShell(inner(), { attended: true });
      assert.equal((await runIn(shell, "echo asked")).out, "asked\n");
      assert.equal(accepted.keys.get(inner().id), fingerprint);
      assert.equal(person.questions.length, 1);
    });

    it("rejects the shells that were cut off, and connects again", async () => {
      const { pool } = await poolWith({ ProxyCommand: throughSsh() });
      const shell = await pool.openShell(inner());
      await lab.host("inner").cutConnections();
      await assert.rejects(shell.exited, { code: "host-connection-lost" });
      assert.equal((await runIn(await pool.openShell(inner()), "echo back")).out, "back\n");
    });

    it("refuses a login with what ssh says", async () => {
      const other = lab.host("gate").identityFile;
      const { pool } = await poolWith({ ProxyCommand: throughSsh(), IdentityFile: `"${other}"` });
      await refusedWith(pool.openShell(inner()), "host-login-refused");
    });
  });
});
