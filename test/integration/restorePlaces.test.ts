import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRouteClient } from "../../protocol/client/routeClient.ts";
import { readIdentity } from "../../service/ownerIdentity.ts";
import { assertMayMount } from "../support/assertMayMount.ts";
import { startServiceProcess } from "../support/startServiceProcess.ts";
import { cliJson, cliProblem } from "./cliFixture.ts";

describe("the folder that a backup is restored into", function () {
  this.timeout(120_000);
  let dir: string;
  let file: string;
  let events: number;
  const startService = (home: string) =>
    startServiceProcess(home, { env: { HOME: join(dir, "person"), SSH_AUTH_SOCK: "" } });

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "hwledger-places-"));
    file = join(dir, "fleet.tar");
    mkdirSync(join(dir, "person"));
    const home = join(dir, "first");
    const service = await startService(home);
    await service.end("SIGTERM");
    const { code, document } = await cliJson({ home, cwd: dir }, "backup", file);
    assert.equal(code, 0, JSON.stringify(document));
    events = (document as { ledger: { events: number } }).ledger.events;
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  /** Starts the service of a folder: it is the fleet that was backed up, and holds nothing else. */
  async function assertFleet(home: string): Promise<void> {
    const service = await startService(home);
    try {
      const client = createRouteClient({ ...readIdentity(join(home, "identity.json"))!, url: service.url });
      const verdict = await client.call("verifyLedger");
      client.close();
      assert.ok(verdict.ok && verdict.events >= events, JSON.stringify(verdict));
      const strange = readdirSync(home).filter((name) => /partial-|restored/.test(name));
      assert.deepEqual(strange, []);
    } finally {
      await service.end("SIGTERM");
    }
  }

  /** Mounts something on a folder while something is done. */
  async function mounted(args: string[], folder: string, act: () => Promise<void>): Promise<void> {
    assertMayMount();
    mkdirSync(folder);
    execFileSync("mount", [...args, folder]);
    try {
      await act();
    } finally {
      execFileSync("umount", ["-l", folder]);
    }
  }

  it("may be where an empty disk is mounted", async () => {
    const disk = join(dir, "disk");
    await mounted(["-t", "tmpfs", "tmpfs"], disk, async () => {
      mkdirSync(join(disk, "lost+found"));
      const { code, document } = await cliJson({ home: disk, cwd: dir }, "restore", file);
      assert.equal(code, 0, JSON.stringify(document));
      assert.equal(statSync(disk).mode & 0o7777, 0o700);
      await assertFleet(disk);
    });
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.includes("partial")),
      [],
    );
  });

  it("may be where a folder of the same disk is mounted", async () => {
    const bound = join(dir, "bound");
    const real = join(dir, "real");
    mkdirSync(real);
    await mounted(["--bind", real], bound, async () => {
      const { code, document } = await cliJson({ home: bound, cwd: dir }, "restore", file);
      assert.equal(code, 0, JSON.stringify(document));
      await assertFleet(bound);
    });
  });

  it("is left empty where the mounted disk is too small", async () => {
    const small = join(dir, "small");
    await mounted(["-t", "tmpfs", "-o", "size=64k", "tmpfs"], small, async () => {
      const { detail } = await cliProblem({ home: small, cwd: dir }, "restore", file);
      assert.match(detail, /the disk is full/);
      assert.deepEqual(readdirSync(small), []);
    });
  });

  it("is filled by the service's start where the restore was cut off in its last steps", async () => {
    const home = join(dir, "cut");
    const { code } = await cliJson({ home, cwd: dir }, "restore", file);
    assert.equal(code, 0);
    mkdirSync(join(home, "restored"));
    for (const name of ["fleet.sqlite", "keys", "identity.json"])
      renameSync(join(home, name), join(home, "restored", name));
    await assertFleet(home);
  });
});
