import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { SshPool } from "../../service/ssh/createSshPool.ts";
import type { LabHost } from "../lab/labHost.ts";
import { startLab, type Lab } from "../lab/startLab.ts";
import { until } from "../support/until.ts";
import { aPool, configFor, refusedWith, runIn, targetOf, type PoolFixture } from "./sshPoolFixture.ts";

const run = promisify(execFile);

describe("logging in to a host", function () {
  this.timeout(30_000);
  let dir = "";
  let lab: Lab;
  const fixtures: PoolFixture[] = [];

  before(async function () {
    this.timeout(60_000);
    dir = await mkdtemp(join(os.tmpdir(), "hwl-ssh-"));
    const hosts = [
      { name: "plain" },
      { name: "locked", keyPassphrase: "open sesame" },
      { name: "word", password: "s3cret" },
      { name: "both", password: "s3cret", sshdConfig: ["AuthenticationMethods publickey,password"] },
      { name: "reinstalled" },
    ];
    lab = await startLab({ dir: join(dir, "lab"), hosts });
  });
  afterEach(() => {
    for (const fixture of fixtures.splice(0)) fixture.pool.close();
  });
  after(async () => {
    await lab.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function poolWith(config: string, env: Record<string, string> = {}): Promise<PoolFixture> {
    const configFile = join(dir, `config-${fixtures.length}`);
    await writeFile(configFile, config);
    const fixture = aPool({ home: dir, configFile, env, timing: { attendGraceMs: 0 } });
    fixtures.push(fixture);
    return fixture;
  }

  const echo = async (pool: SshPool, host: LabHost, attended = false): Promise<string> =>
    (await runIn(await pool.openShell(targetOf(host), { attended }), "echo in")).out;

  it("refuses an encrypted key while nobody is there, and names it", async () => {
    const host = lab.host("locked");
    const { pool } = await poolWith(configFor("locked", host));
    const facts = await refusedWith(pool.openShell(targetOf(host)), "needs-login");
    assert.equal(facts["what"], `the passphrase of ${host.identityFile}`);
  });

  it("asks for the passphrase again when it was wrong, and only once for later connections", async () => {
    const host = lab.host("locked");
    const { pool, answerWith } = await poolWith(configFor("locked", host));
    const answers = ["close sesame", "open sesame"];
    const person = answerWith(() => answers.shift() ?? null);
    assert.equal(await echo(pool, host, true), "in\n");
    assert.deepEqual(
      person.questions.map(({ kind, secret, host: name }) => ({ kind, secret, name })),
      Array(2).fill({ kind: "passphrase", secret: true, name: "locked" }),
    );
    pool.disconnect(targetOf(host).id);
    assert.equal(await echo(pool, host), "in\n");
    assert.equal(person.questions.length, 2);
  });

  it("logs in with a password given by a person and remembers it", async () => {
    const host = lab.host("word");
    const { pool, answerWith } = await poolWith(configFor("word", host, { IdentityFile: "none" }));
    assert.equal((await refusedWith(pool.openShell(targetOf(host)), "needs-login"))["what"], "a password");
    const person = answerWith(() => "s3cret");
    assert.equal(await echo(pool, host, true), "in\n");
    pool.disconnect(targetOf(host).id);
    assert.equal(await echo(pool, host), "in\n");
    assert.deepEqual(
      person.questions.map((question) => question.kind),
      ["password"],
    );
  });

  it("gives a password on top of the key where a host wants both, and remembers it", async () => {
    const host = lab.host("both");
    const { pool, answerWith } = await poolWith(configFor("both", host));
    assert.equal((await refusedWith(pool.openShell(targetOf(host)), "needs-login"))["what"], "a password");
    const answers = ["guess", "s3cret"];
    const person = answerWith(() => answers.shift() ?? null);
    assert.equal(await echo(pool, host, true), "in\n");
    pool.disconnect(targetOf(host).id);
    assert.equal(await echo(pool, host), "in\n");
    assert.deepEqual(
      person.questions.map((question) => question.kind),
      ["password", "password"],
    );
  });

  it("gives up after three wrong passwords", async () => {
    const host = lab.host("word");
    const { pool, answerWith } = await poolWith(configFor("word", host, { IdentityFile: "none" }));
    const person = answerWith(() => "guess");
    const facts = await refusedWith(pool.openShell(targetOf(host), { attended: true }), "host-login-refused");
    assert.equal(facts["tried"], "password");
    assert.equal(person.questions.length, 3);
  });

  it("refuses a login whose key the host does not take, and says what was tried", async () => {
    const host = lab.host("plain");
    const other = lab.host("reinstalled").identityFile;
    const { pool } = await poolWith(configFor("plain", host, { IdentityFile: `"${other}"` }));
    const facts = await refusedWith(pool.openShell(targetOf(host)), "host-login-refused");
    assert.deepEqual(facts, {
      host: "plain",
      address: `${host.address}:${host.port}`,
      user: host.user,
      tried: `key ${other}`,
    });
  });

  it("refuses a key file that the record names and that is not there", async () => {
    const host = lab.host("plain");
    const { pool } = await poolWith(configFor("plain", host));
    const target = targetOf(host, { identityFile: join(dir, "nowhere") });
    assert.equal(
      (await refusedWith(pool.openShell(target), "identity-unusable"))["reason"],
      "it is not there",
    );
  });

  it("logs in by an agent that holds the key", async () => {
    const host = lab.host("locked");
    const socket = join(dir, "agent");
    const { stdout } = await run("ssh-agent", ["-s", "-a", socket]);
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
    try {
      const open = join(dir, "opened_key");
      await writeFile(open, await readFile(host.identityFile), { mode: 0o600 });
      await run("ssh-keygen", ["-p", "-q", "-P", "open sesame", "-N", "", "-f", open]);
      await run("ssh-add", ["-q", open], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      const config = configFor("locked", host, { IdentityAgent: socket });
      assert.equal(await echo((await poolWith(config)).pool, host), "in\n");
    } finally {
      process.kill(pid);
    }
  });

  it("refuses an unknown host key while nobody is there, with its fingerprint", async () => {
    const host = lab.host("plain");
    const { pool } = await poolWith(configFor("plain", host, { UserKnownHostsFile: "/dev/null" }));
    const facts = await refusedWith(pool.openShell(targetOf(host), { attended: true }), "host-key-unknown");
    assert.deepEqual(facts, {
      host: "plain",
      address: `${host.address}:${host.port}`,
      keyType: "ED25519",
      keyName: "ed25519",
      fingerprint: host.hostKeyFingerprint,
    });
  });

  it("accepts an unknown host key by its fingerprint alone, and remembers it", async () => {
    const host = lab.host("plain");
    const { pool, accepted, answerWith } = await poolWith(
      configFor("plain", host, { UserKnownHostsFile: "/dev/null", StrictHostKeyChecking: "no" }),
    );
    const answers = ["yes", host.hostKeyFingerprint];
    const person = answerWith(() => answers.shift() ?? null);
    await refusedWith(pool.openShell(targetOf(host), { attended: true }), "host-key-unknown");
    assert.equal(accepted.keys.size, 0);
    assert.equal(await echo(pool, host, true), "in\n");
    assert.equal(accepted.keys.get(targetOf(host).id), host.hostKeyFingerprint);
    pool.disconnect(targetOf(host).id);
    assert.equal(await echo(pool, host), "in\n");
    assert.deepEqual(
      person.questions.map((question) => question.fingerprint),
      Array(2).fill(host.hostKeyFingerprint),
    );
  });

  it("gives up when the host hangs up while its key is in question", async () => {
    const host = lab.host("plain");
    const { pool, prompts } = await poolWith(configFor("plain", host, { UserKnownHostsFile: "/dev/null" }));
    const leave = prompts.attend();
    const opening = refusedWith(pool.openShell(targetOf(host), { attended: true }), "host-unreachable");
    await until(() => prompts.list().length === 1, "the question is there");
    await host.cutConnections();
    assert.equal((await opening)["reason"], "it closed the connection");
    assert.deepEqual(prompts.list(), []);
    leave();
    await new Promise((resolve) => setImmediate(resolve)); // what fails late fails this test
  });

  it("refuses a pinned key that the host does not show, whatever known_hosts says", async () => {
    const host = lab.host("plain");
    const { pool } = await poolWith(configFor("plain", host));
    const pinned = `SHA256:${"A".repeat(43)}`;
    const facts = await refusedWith(pool.openShell(targetOf(host, { hostKey: pinned })), "host-key-changed");
    assert.equal(facts["expected"], pinned);
    assert.equal(facts["fingerprint"], host.hostKeyFingerprint);
    assert.equal(await echo(pool, host), "in\n");
  });

  it("knows a host by a hashed line of known_hosts", async () => {
    const host = lab.host("plain");
    const hashed = join(dir, "hashed");
    await writeFile(hashed, `${host.knownHostsLine}\n`);
    await run("ssh-keygen", ["-H", "-q", "-f", hashed]);
    assert.match(await readFile(hashed, "utf8"), /^\|1\|/);
    const { pool } = await poolWith(configFor("plain", host, { UserKnownHostsFile: hashed }));
    assert.equal(await echo(pool, host), "in\n");
  });

  it("refuses a changed host key loudly and sends it nothing", async () => {
    const host = lab.host("reinstalled");
    const known = join(dir, "known-before");
    const before = host.hostKeyFingerprint;
    await writeFile(known, `${host.knownHostsLine}\n`);
    await host.replaceHostKey();
    const { pool, answerWith } = await poolWith(
      configFor("reinstalled", host, { UserKnownHostsFile: known }),
    );
    const person = answerWith((prompt) => prompt.fingerprint);
    const facts = await refusedWith(pool.openShell(targetOf(host), { attended: true }), "host-key-changed");
    assert.equal(facts["expected"], before);
    assert.equal(facts["fingerprint"], host.hostKeyFingerprint);
    assert.equal(facts["source"], `${known}, line 1`);
    assert.equal(person.questions.length, 0);
    assert.doesNotMatch(await readFile(host.sshdLog, "utf8"), /publickey|Accepted|Failed/);
  });
});
