import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { Identity } from "../../protocol/client/identity.ts";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import { isJobEnded, type JobRecord } from "../../protocol/job.ts";
import { readIdentity } from "../../service/ownerIdentity.ts";
import { startLab, type Lab } from "../lab/startLab.ts";
import { readEntries } from "../support/backupArchive.ts";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";
import { until } from "../support/until.ts";
import { cli, cliJson, cliProblem, startCli } from "./cliFixture.ts";

interface Backup {
  file: string;
  bytes: number;
  ledger: { events: number; head: string };
  members: number;
  logs: boolean;
  files: number;
  leftOut: string[];
}

describe("a backup", function () {
  this.timeout(120_000);
  let dir: string;
  let home: string;
  let lab: Lab;
  let service: ServiceProcess;
  let member: Identity;
  let job: JobRecord;
  const clients: RouteClient[] = [];

  const startService = (folder: string, port = 0): Promise<ServiceProcess> =>
    startServiceProcess(folder, { port, env: { HOME: join(dir, "person"), SSH_AUTH_SOCK: "" } });
  const clientOf = (identity: Identity): RouteClient => {
    const client = createRouteClient(identity);
    clients.push(client);
    return client;
  };
  const owner = (): RouteClient => clientOf(readIdentity(join(home, "identity.json"))!);

  /** Runs a script on the lab's host to its end. */
  async function run(client: RouteClient): Promise<JobRecord> {
    const file = join(dir, "work", "lines.sh");
    const { id } = await dispatchFile(client, { file, host: "box", workspace: "script" });
    const now = (): Promise<JobRecord> => client.call("getJob", { params: { job: id } });
    await until(async () => isJobEnded((await now()).state), "the job has ended", 30_000);
    return now();
  }

  async function logOf(client: RouteClient, { id }: JobRecord): Promise<Buffer> {
    const parts: Buffer[] = [];
    const answer = await client.bytes("getJobLog", { params: { job: id }, query: {} });
    for await (const part of answer as AsyncIterable<Buffer>) parts.push(part);
    return Buffer.concat(parts);
  }

  async function backUp(name: string, ...more: string[]): Promise<Backup> {
    const { code, document } = await cliJson({ home, cwd: dir }, "backup", name, ...more);
    assert.equal(code, 0, JSON.stringify(document));
    return document as unknown as Backup;
  }

  const problemOf = (...args: string[]) => cliProblem({ home, cwd: dir }, ...args);

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "hwledger-backup-"));
    home = join(dir, "fleet");
    for (const folder of ["person", "work", "lab"]) mkdirSync(join(dir, folder));
    writeFileSync(join(dir, "work", "lines.sh"), "seq 1 20000\n");
    lab = await startLab({ dir: join(dir, "lab"), hosts: [{ name: "box" }] });
    service = await startService(home);
    const { user, address, port, identityFile } = lab.host("box");
    const at = `${user}@${address}:${port}`;
    const added = startCli({ home, cwd: dir, tty: true }, [
      "host",
      "add",
      "box",
      at,
      "--identity",
      identityFile,
    ]);
    await until(() => added.err().includes("Type yes to trust it: "), "the question about the key", 30_000);
    added.type("yes\n");
    assert.equal((await added.ended).code, 0);
    member = await joinFleet(service.link, { name: "mia" });
    job = await run(owner());
  });
  after(async () => {
    for (const client of clients) client.close();
    await service?.end("SIGTERM");
    await lab?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it("is of one moment each time it is taken while the service writes", async () => {
    const client = owner();
    let going = true;
    let written = 0;
    const write = async (): Promise<void> => {
      for (; going; written += 1)
        await client.call("changeHost", {
          params: { host: "box" },
          body: { rateMicroUsdPerHour: written + 1 },
        });
    };
    const writers = [write(), write(), write()];
    try {
      let last = 0;
      for (let count = 1; count <= 6; count += 1) {
        const writtenBefore = written;
        await until(() => written > writtenBefore + 5, "events are written");
        const before = (await client.call("getStatus")).ledger.events;
        const { ledger, members } = await backUp(`live-${count}.tar`);
        const after = (await client.call("getStatus")).ledger.events;
        assert.ok(before <= ledger.events && ledger.events <= after, `${before} ${ledger.events} ${after}`);
        assert.ok(ledger.events > last);
        last = ledger.events;
        assert.equal(members, 2);
        const { events } = await client.call("listLedger", { query: { after: last - 1, limit: 1 } });
        assert.equal(events[0]!.hash, ledger.head);
        const { code, document } = await cliJson(
          { home: join(dir, `live-${count}`) },
          "restore",
          join(dir, `live-${count}.tar`),
        );
        assert.equal(code, 0);
        assert.deepEqual(document["ledger"], ledger);
      }
    } finally {
      going = false;
      await Promise.allSettled(writers);
    }
  });

  it("restored elsewhere is the fleet: its ledger, members, host keys and logs", async () => {
    const { ledger } = await backUp("whole.tar");
    const log = await logOf(owner(), job);
    assert.equal(log.toString(), Array.from({ length: 20_000 }, (_, at) => `${at + 1}\n`).join(""));
    await service.end();
    renameSync(home, join(dir, "lost"));
    const said = await cli({ home, cwd: dir }, "restore", "whole.tar");
    assert.equal(said.code, 0, said.err);
    assert.match(said.out, new RegExp(`ledger +${ledger.events} events, head ${ledger.head}`));
    assert.match(said.out, /members +2$/m);
    assert.match(said.out, /`hwledger up --listen last:0` starts it/);
    service = await startService(home, Number(new URL(service.url).port));

    const mia = clientOf(member);
    assert.equal((await mia.call("getStatus")).member, "mia");
    const verdict = await mia.call("verifyLedger");
    assert.ok(verdict.ok && verdict.events >= ledger.events);
    const { events } = await mia.call("listLedger", { query: { after: ledger.events - 1, limit: 1 } });
    assert.equal(events[0]!.hash, ledger.head);
    assert.ok(log.equals(await logOf(mia, job)));
    assert.equal((await run(mia)).state, "succeeded", "the host's key is known, and nobody was asked");
  });

  it("is one private file that begins with what it is, and says that it holds the CA's key", async () => {
    const { code, out } = await cli({ home, cwd: dir }, "backup", "told.tar");
    assert.equal(code, 0);
    assert.match(out, /It holds the private key of the fleet's CA\./);
    const file = join(dir, "told.tar");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const entries = await readEntries(file);
    assert.deepEqual(
      entries.map(({ header }) => header.name),
      [
        "manifest.json",
        "manifest.sha256",
        "identity.json",
        "listen",
        "keys/ca.json",
        "fleet.sqlite",
        ...readdirSync(join(home, "logs"))
          .map((name) => `logs/${name}`)
          .sort(),
      ],
    );
    assert.match(entries[0]!.content.toString(), /"notice": "SECRET: this file holds the private key/);
    const checked = join(dir, "unpacked");
    mkdirSync(checked);
    execFileSync("tar", ["-xf", file, "-C", checked]);
    execFileSync("sha256sum", ["-c", "manifest.sha256"], { cwd: checked });
  });

  it("replaces no file unless it is told to, and then all at once", async () => {
    writeFileSync(join(dir, "kept.tar"), "mine");
    assert.equal((await problemOf("backup", "kept.tar")).code, "backup-exists");
    assert.equal(readFileSync(join(dir, "kept.tar"), "utf8"), "mine");
    const { bytes } = await backUp("kept.tar", "--force");
    assert.equal(statSync(join(dir, "kept.tar")).size, bytes);
    symlinkSync("kept.tar", join(dir, "link.tar"));
    for (const name of ["link.tar", "work", "/dev/null"])
      assert.equal((await problemOf("backup", name, "--force")).code, "usage", name);
    assert.equal((await problemOf("backup", join(home, "in.tar"))).code, "usage");
    assert.match((await problemOf("backup", "no/such.tar")).detail, /there is no folder .*\/no\./);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.includes("partial")),
      [],
    );
  });

  it("follows no link, says what it left out, and takes every file of keys/ and ssh/", async () => {
    symlinkSync("/etc/passwd", join(home, "keys", "link"));
    mkdirSync(join(home, "ssh"), { recursive: true });
    writeFileSync(join(home, "keys", "ca-2.json"), "{}");
    writeFileSync(join(home, "ssh", "known_hosts"), "box ssh-ed25519 AAAA\n");
    try {
      const { leftOut } = await backUp("links.tar", "--without-logs");
      assert.deepEqual(leftOut, ["keys/link"]);
      const entries = await readEntries(join(dir, "links.tar"));
      const names = entries.map(({ header }) => header.name);
      assert.ok(names.includes("keys/ca-2.json") && names.includes("ssh/known_hosts"));
      assert.ok(names.every((name) => !name.startsWith("logs/") && name !== "keys/link"));
      assert.match(
        (await cli({ home, cwd: dir }, "backup", "l.tar")).out,
        /left out +keys\/link: it is no plain/,
      );
    } finally {
      for (const name of ["keys/link", "keys/ca-2.json", "ssh/known_hosts"]) rmSync(join(home, name));
    }
  });

  it("without logs is a fleet too, which says that a log is not there", async () => {
    await backUp("bare.tar", "--without-logs");
    const bare = join(dir, "bare");
    const { code, out } = await cli({ home, cwd: dir }, "restore", "bare.tar", "--data", bare);
    assert.equal(code, 0);
    assert.match(out, /logs +left out/);
    const restored = await startService(bare);
    try {
      const asked = await cliJson({ home: bare, cwd: dir }, "job", "show", job.id);
      assert.equal(asked.document["state"], "succeeded");
      const log = await cli({ home: bare, cwd: dir }, "logs", job.id);
      assert.deepEqual([log.code, log.out], [4, ""]);
      assert.match(log.err, /The service holds no log of j-/);
    } finally {
      await restored.end("SIGTERM");
    }
  });
});
