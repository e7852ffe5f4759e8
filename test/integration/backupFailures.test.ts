import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { openCaFiles } from "../../service/pki/caFiles.ts";
import { writePrivateFile } from "../../protocol/client/writePrivateFile.ts";
import { assertMayMount } from "../support/assertMayMount.ts";
import { readEntries } from "../support/backupArchive.ts";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";
import { until } from "../support/until.ts";
import { cliJson, cliProblem, startCli } from "./cliFixture.ts";

describe("a backup that cannot be made", function () {
  this.timeout(120_000);
  let dir: string;
  let home: string;
  let service: ServiceProcess;

  async function backUp(name: string): Promise<{ file: string; ledger: { events: number } }> {
    const { code, document } = await cliJson({ home, cwd: dir }, "backup", name);
    assert.equal(code, 0, JSON.stringify(document));
    return document as unknown as { file: string; ledger: { events: number } };
  }

  const problemOf = (...args: string[]) => cliProblem({ home, cwd: dir }, ...args);

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "hwledger-backup-"));
    home = join(dir, "fleet");
    for (const folder of ["person", "work"]) mkdirSync(join(dir, folder));
    service = await startServiceProcess(home, { env: { HOME: join(dir, "person"), SSH_AUTH_SOCK: "" } });
  });
  after(async () => {
    await service?.end("SIGTERM");
    rmSync(dir, { recursive: true, force: true });
  });

  it("is given up while the keys keep changing", async () => {
    const file = join(home, "keys", "next.json");
    let going = true;
    let count = 0;
    const change = (): void => {
      writePrivateFile(file, String((count += 1)));
      if (going) setImmediate(change);
    };
    change();
    const { code, detail, exit } = await problemOf("backup", "unsettled.tar");
    going = false;
    assert.deepEqual([code, exit], ["backup-unsettled", 4]);
    assert.match(detail, /keys\/next\.json changed each of the \d times/);
    assert.ok(!readdirSync(dir).some((name) => name.startsWith("unsettled")));
    rmSync(file);
    await backUp("settled.tar");
  });

  it("leaves nothing on a disk that is too small for it", async () => {
    assertMayMount();
    const disk = join(dir, "disk");
    mkdirSync(disk);
    const entries = await readEntries((await backUp("fits.tar")).file);
    const database = entries.find(({ header }) => header.name === "fleet.sqlite")!.content.length;
    for (const size of [database / 2, database + 16_384, database + 32_768]) {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk]);
      try {
        const { code, detail, exit } = await problemOf("backup", join(disk, "fleet.tar"));
        assert.deepEqual([code, exit], ["backup-unwritable", 4], detail);
        assert.match(detail, /disk\/fleet\.tar: the disk is full/);
        assert.deepEqual(readdirSync(disk), []);
      } finally {
        execFileSync("umount", ["-l", disk]);
      }
    }
  });

  it("is given up by Ctrl-C, and leaves nothing", async () => {
    const big = join(home, "logs", "j-big.log");
    writeFileSync(big, "");
    truncateSync(big, 8 * 1_073_741_824); // holds no block, and takes seconds to read
    const isPartial = (): boolean => readdirSync(dir).some((name) => name.startsWith("big.tar.partial"));
    try {
      const running = startCli({ home, cwd: dir }, ["backup", "big.tar"]);
      await until(isPartial, "it has begun");
      running.interrupt();
      const { code, err } = await running.ended;
      assert.deepEqual([code, err], [130, "Stopped. No backup was written.\n"]);
      assert.ok(!readdirSync(dir).some((name) => name.startsWith("big.tar")));
    } finally {
      rmSync(big);
    }
  });

  it("is not one of what could not be restored, by whatever it is damaged", async () => {
    await service.end("SIGKILL");
    const { events } = (await backUp("sound.tar")).ledger;
    const ca = join(home, "keys", "ca.json");
    const kept = readFileSync(ca);
    const other = join(dir, "other");
    openCaFiles(other, () => "another", Date.now()).current();
    writeFileSync(ca, readFileSync(join(other, "ca.json")));
    const unsound = await problemOf("backup", "unsound.tar");
    assert.deepEqual([unsound.code, unsound.exit], ["backup-unsound", 5]);
    assert.match(unsound.detail, /keys\//);
    writeFileSync(ca, kept);
    assert.equal((await backUp("stopped.tar")).ledger.events, events);
    const db = new Database(join(home, "fleet.sqlite"));
    db.exec("DROP TRIGGER events_no_update; UPDATE events SET actor = 'x' WHERE seq = 3");
    db.close();
    assert.equal((await problemOf("backup", "unsound.tar")).code, "backup-unsound");
    const empty = await cliJson({ home: join(dir, "work"), cwd: dir }, "backup", "unsound.tar");
    assert.equal((empty.document["problem"] as { code: string }).code, "backup-no-fleet");
    assert.ok(!readdirSync(dir).some((name) => name.startsWith("unsound")));
  });
});
