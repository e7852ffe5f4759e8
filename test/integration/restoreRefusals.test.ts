import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { openCaFiles } from "../../service/pki/caFiles.ts";
import { assertMayMount } from "../support/assertMayMount.ts";
import {
  manifestOf,
  readEntries,
  withContent,
  withManifest,
  writeEntries,
  type HeldEntry,
} from "../support/backupArchive.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { cliJson } from "./cliFixture.ts";

describe("a backup that cannot be trusted", function () {
  this.timeout(60_000);
  let dir: string;
  let file: string;
  let bytes: Buffer;
  let entries: HeldEntry[];
  let service: TestService;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "hwledger-restore-"));
    file = join(dir, "good.tar");
    service = await startTestService();
    await service.member("operator");
    const logs = join(service.home, "logs");
    writeFileSync(join(logs, "j-0123456789abcdef.log"), "a line\n".repeat(1_000));
    const { code } = await cliJson({ home: service.home, cwd: dir }, "backup", file);
    assert.equal(code, 0);
    bytes = readFileSync(file);
    entries = await readEntries(file);
  });
  after(async () => {
    await service.end();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Restores a file where nothing is; the problem's code and detail, or "restored". Whatever failed left nothing. */
  async function restore(path: string): Promise<{ said: string; code: number; detail: string }> {
    const place = mkdtempSync(join(dir, "place-"));
    const home = join(place, "fleet");
    const { code, document } = await cliJson({ home, cwd: dir }, "restore", path);
    const left = readdirSync(place);
    rmSync(place, { recursive: true });
    const problem = document["problem"] as { code: string; detail: string } | undefined;
    assert.deepEqual(left, problem === undefined ? ["fleet"] : [], problem?.detail);
    return { said: problem?.code ?? "restored", code, detail: problem?.detail ?? "" };
  }

  async function restoreBytes(content: Buffer): ReturnType<typeof restore> {
    const path = join(dir, "altered.tar");
    writeFileSync(path, content);
    return restore(path);
  }

  async function restoreEntries(altered: readonly HeldEntry[]): ReturnType<typeof restore> {
    const path = join(dir, "altered.tar");
    await writeEntries(path, altered);
    return restore(path);
  }

  /** The backup with something done to its database, and a manifest that knows of it. */
  function withDatabase(change: string): HeldEntry[] {
    const path = join(dir, "changed.sqlite");
    const content = entries.find(({ header }) => header.name === "fleet.sqlite")!.content;
    writeFileSync(path, content);
    const db = new Database(path);
    db.exec(change);
    db.close();
    return withContent(entries, "fleet.sqlite", readFileSync(path));
  }

  it("is restored while nobody altered it, also when it was packed anew", async () => {
    assert.equal((await restore(file)).said, "restored");
    assert.equal((await restoreEntries(withManifest(entries, manifestOf(entries)))).said, "restored");
  });

  it("is refused where it was cut off, wherever that was", async () => {
    const places = new Set([0, 1, 511, 512, 513, bytes.length - 1, bytes.length - 512, bytes.length - 1_024]);
    for (let at = 700; at < bytes.length; at += Math.ceil(bytes.length / 40)) places.add(at);
    for (let at = 1_024; at < 8_192; at += 512) places.add(at);
    for (const at of places) {
      const { said, detail } = await restoreBytes(bytes.subarray(0, at));
      assert.match(said, /^backup-(damaged|foreign)$/, `${at} of ${bytes.length}: ${said}`);
      assert.ok(detail.includes("altered.tar"), detail);
    }
    assert.equal((await restoreBytes(Buffer.concat([bytes, Buffer.alloc(512)]))).said, "backup-damaged");
  });

  it("is refused where one bit of what it holds is another", async () => {
    for (const { header, content } of entries) {
      const start = bytes.indexOf(content.subarray(0, 64));
      for (const at of [0, Math.floor(content.length / 2), content.length - 1]) {
        const altered = Buffer.from(bytes);
        altered[start + at]! ^= 0x04;
        const { said } = await restoreBytes(altered);
        assert.match(said, /^backup-(damaged|foreign)$/, `${header.name} at ${at}: ${said}`);
      }
      const altered = Buffer.from(bytes);
      altered[start - 512]! ^= 0x02; // its name
      assert.match((await restoreBytes(altered)).said, /^backup-(damaged|foreign)$/, header.name);
    }
  });

  for (const name of [
    "../escaped",
    "keys/../../escaped",
    "/tmp/escaped",
    "keys/a/b",
    "logs/.hidden",
    "service.json",
    "stopped",
    "C:\\escaped",
  ])
    it(`is refused when it holds ${name}, named by its manifest or not`, async () => {
      const extra: HeldEntry = { header: { name }, content: Buffer.from("x") };
      assert.equal((await restoreEntries([...entries, extra])).said, "backup-damaged");
      const manifest = manifestOf(entries);
      const files = [...manifest.files, { name, bytes: 1, sha256: "0".repeat(64) }];
      const named = withManifest([...entries, extra], { ...manifest, files });
      assert.equal((await restoreEntries(named)).said, "backup-foreign");
    });

  for (const type of ["symlink", "link", "directory", "fifo"] as const)
    it(`is refused when a file is a ${type} in it`, async () => {
      const altered = entries.map(({ header, content }) =>
        header.name === "keys/ca.json"
          ? { header: { ...header, type, linkname: "/etc/passwd" }, content: Buffer.alloc(0) }
          : { header, content },
      );
      const { said, code } = await restoreEntries(altered);
      assert.deepEqual([said, code], ["backup-damaged", 5]);
      const manifest = manifestOf(entries);
      const files = manifest.files.map((one) => (one.name === "keys/ca.json" ? { ...one, bytes: 0 } : one));
      assert.equal(
        (await restoreEntries(withManifest(altered, { ...manifest, files }))).said,
        "backup-damaged",
      );
    });

  it("is refused when files are doubled, missing or out of place", async () => {
    const [manifest, sum, first, second, ...rest] = entries as [HeldEntry, HeldEntry, HeldEntry, HeldEntry];
    for (const altered of [
      [manifest, sum, first, first, second, ...rest],
      [manifest, sum, second, first, ...rest],
      [manifest, sum, first, second, ...rest.slice(0, -1)],
      [manifest, first, second, ...rest],
    ])
      assert.equal((await restoreEntries(altered)).said, "backup-damaged");
    assert.equal((await restoreEntries([sum, manifest, first, second, ...rest])).said, "backup-foreign");
  });

  it("is refused when its ledger does not verify, or ends elsewhere than its manifest says", async () => {
    const tampered = withDatabase(
      "DROP TRIGGER events_no_update; UPDATE events SET at_ms = at_ms + 1 WHERE seq = 2;" +
        "CREATE TRIGGER events_no_update BEFORE UPDATE ON events\n    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    );
    const { said, detail, code } = await restoreEntries(tampered);
    assert.deepEqual([said, code], ["backup-damaged", 5]);
    assert.match(detail, /event 2 of the ledger in fleet\.sqlite is bad/);
    const manifest = manifestOf(entries);
    const { events, head } = manifest.ledger;
    for (const ledger of [
      { events: events - 1, head },
      { events, head: "0".repeat(64) },
    ])
      assert.match(
        (await restoreEntries(withManifest(entries, { ...manifest, ledger }))).detail,
        /does not end/,
      );
  });

  it("is refused when its database has other tables, or is none", async () => {
    const spy = "CREATE TRIGGER spy AFTER INSERT ON events BEGIN DELETE FROM tokens; END";
    assert.match((await restoreEntries(withDatabase(spy))).detail, /tables/);
    const junk = withContent(entries, "fleet.sqlite", Buffer.from("no database".repeat(1_000)));
    assert.equal((await restoreEntries(junk)).said, "backup-damaged");
  });

  it("is refused when the CA in it is not the one of its ledger, or its key is another's", async () => {
    const keys = join(dir, "other-keys");
    const other = openCaFiles(keys, () => manifestOf(entries).fleetId, Date.now()).current();
    const own = JSON.parse(readFileSync(join(service.home, "keys", "ca.json"), "utf8")) as object;
    for (const ca of [other, { ...own, keyPem: other.keyPem }, { ...own, fleetId: "another" }, "{"]) {
      const altered = withContent(entries, "keys/ca.json", Buffer.from(JSON.stringify(ca)));
      const { said, detail } = await restoreEntries(altered);
      assert.equal(said, "backup-damaged");
      assert.match(detail, /keys\//);
    }
  });

  it("is refused as newer when a newer version made it or its database", async () => {
    const manifest = manifestOf(entries);
    const later = withManifest(entries, { ...manifest, version: 2, more: true });
    for (const altered of [later, withDatabase("PRAGMA user_version = 999")]) {
      const { said, code } = await restoreEntries(altered);
      assert.deepEqual([said, code], ["backup-newer", 4]);
    }
  });

  it("is refused as foreign when it is something else, and told when it is not there", async () => {
    assert.equal((await restoreBytes(Buffer.from("hello"))).said, "backup-foreign");
    assert.equal((await restoreBytes(Buffer.alloc(10_240))).said, "backup-foreign");
    assert.equal((await restoreEntries(entries.slice(2))).said, "backup-foreign");
    assert.equal((await restore(dir)).said, "backup-foreign");
    const { said, detail } = await restore(join(dir, "nothing.tar"));
    assert.equal(said, "file-not-found");
    assert.match(detail, /nothing\.tar: there is no such file/);
  });

  it("or a good one is refused where a folder holds anything, or a service runs, and nothing changes there", async () => {
    const home = mkdtempSync(join(dir, "taken-"));
    writeFileSync(join(home, "notes.txt"), "mine");
    const taken = await cliJson({ home }, "restore", file);
    assert.equal((taken.document["problem"] as { code: string }).code, "restore-not-empty");
    assert.deepEqual(readdirSync(home), ["notes.txt"]);
    const held = await cliJson({ home: service.home }, "restore", file, "--data", service.home);
    assert.equal((held.document["problem"] as { code: string }).code, "restore-in-use");
    assert.equal(held.code, 4);
    assert.ok((await service.client.call("verifyLedger")).ok);
    rmSync(join(home, "notes.txt"));
    assert.equal((await cliJson({ home }, "restore", file)).code, 0, "an empty folder is taken");
  });

  it("or a good one leaves nothing on a disk that is too small for it", async () => {
    assertMayMount();
    const disk = join(dir, "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
    try {
      const home = join(disk, "fleet");
      const { code, document } = await cliJson({ home, cwd: dir }, "restore", file);
      const { detail } = document["problem"] as { detail: string };
      assert.equal(code, 4);
      assert.match(detail, /fleet\.partial-\w+\/.*: the disk is full/);
      assert.deepEqual(readdirSync(disk), []);
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  });
});
