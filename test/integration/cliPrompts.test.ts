import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLab, type Lab } from "../lab/startLab.ts";
import { heldText } from "../support/heldText.ts";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";
import { until } from "../support/until.ts";
import { cliJson, startCli, type CliWorld } from "./cliFixture.ts";

describe("questions of a host in the terminal", function () {
  this.timeout(60_000);
  let dir = "";
  let lab: Lab;
  let service: ServiceProcess;
  let unattended: CliWorld;
  let person: CliWorld;

  before(async function () {
    this.timeout(120_000);
    dir = await mkdtemp(join(tmpdir(), "hwledger-clip-"));
    for (const folder of ["user", "fleet"]) await mkdir(join(dir, folder));
    lab = await startLab({
      dir: join(dir, "lab"),
      hosts: [{ name: "locked", keyPassphrase: "open sesame", gpus: "rtx-box" }],
    });
    unattended = { home: join(dir, "fleet") };
    person = { ...unattended, tty: true };
    const env = { HOME: join(dir, "user"), SSH_AUTH_SOCK: "" };
    service = await startServiceProcess(unattended.home, { env });
  });
  after(async () => {
    await service.end("SIGTERM");
    await lab.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const add = (...more: string[]): string[] => {
    const { user, address, port, identityFile } = lab.host("locked");
    return ["host", "add", "locked", `${user}@${address}:${port}`, "--identity", identityFile, ...more];
  };

  it("are not waited for where nobody sits: an unknown key is refused with its fingerprint", async () => {
    const { code, document } = await cliJson(unattended, ...add());
    const problem = document["problem"] as { code: string; detail: string };
    assert.deepEqual([code, problem.code], [4, "host-key-unknown"]);
    assert.ok(problem.detail.includes(lab.host("locked").hostKeyFingerprint));
  });

  it("refuse the key that the person does not trust", async () => {
    const run = startCli(person, add());
    await until(() => run.err().includes("Type yes to trust it: "), "the question");
    run.type("no\n");
    const { code } = await run.ended;
    assert.equal(code, 4);
  });

  it("are dismissed by Ctrl-C at a secret", async () => {
    const run = startCli(person, add("--host-key", lab.host("locked").hostKeyFingerprint));
    await until(() => /passphrase/i.test(run.err()), "the question for the passphrase");
    run.type("\u0003");
    const { code, out } = await run.ended;
    assert.deepEqual([code, out], [4, ""]);
  });

  it("are asked and answered: the key's fingerprint is shown, the passphrase is not echoed", async () => {
    const run = startCli(person, add("--rate", "0.42"));
    await until(() => run.err().includes("Type yes to trust it: "), "the question about the key");
    assert.ok(run.err().includes(lab.host("locked").hostKeyFingerprint));
    run.type("yes\n");
    await until(() => /passphrase/i.test(run.err()), "the question for the passphrase");
    run.type("open sesame\n");
    const { code, out, err } = await run.ended;
    assert.equal(code, 0, err);
    assert.ok(!err.includes("open sesame") && !out.includes("open sesame"));
    assert.match(out, /^Added\.$/m);
    assert.match(out, /RTX 4090/);
    const listed = await cliJson(unattended, "host", "show", "locked");
    assert.equal(listed.document["rateMicroUsdPerHour"], 420_000);
    assert.equal((listed.document["gpus"] as unknown[]).length, 1);
  });

  it("and what they are answered are nowhere in the data folder, nor are a job's environment values", async () => {
    const script = join(dir, "secretive.sh");
    await writeFile(script, 'test "$TOKEN" = hidden-4711\n');
    const run = await cliJson(
      unattended,
      "dispatch",
      script,
      "--host",
      "locked",
      "--follow",
      "--env",
      "TOKEN=hidden-4711",
    );
    assert.equal(run.code, 0, JSON.stringify(run.document));
    const held = heldText(unattended.home);
    assert.ok(held.includes("secretive.sh"), "the job is not in the data folder at all");
    for (const secret of ["open sesame", "hidden-4711"]) assert.ok(!held.includes(secret), secret);
  });
});
