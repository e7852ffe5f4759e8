import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";
import { until } from "../support/until.ts";
import { cliJson, spawnCli, startCli } from "./cliFixture.ts";

describe("a backup that was killed", function () {
  this.timeout(120_000);
  let dir: string;
  let home: string;
  let big: string;
  let service: ServiceProcess;
  const startService = (): Promise<ServiceProcess> =>
    startServiceProcess(home, { env: { HOME: join(dir, "person"), SSH_AUTH_SOCK: "" } });

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "hwledger-killed-"));
    home = join(dir, "fleet");
    for (const folder of ["person", "stick", "other"]) mkdirSync(join(dir, folder));
    service = await startService();
    big = join(home, "logs", "j-big.log");
  });
  after(async () => {
    await service?.end("SIGTERM");
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(() => {
    writeFileSync(big, "");
    truncateSync(big, 8 * 1_073_741_824); // holds no block, and takes seconds to read
  });

  /** Partial folders in a folder that hold something. */
  function partials(folder: string): string[] {
    const names = readdirSync(join(dir, folder)).filter((name) => name.includes(".partial-"));
    return names.filter((name) => existsSync(join(dir, folder, name, "fleet.sqlite")));
  }

  /** Kills a backup into a folder while it is under way; it leaves the database behind. */
  async function killBackup(folder: string): Promise<void> {
    const { child, exit } = spawnCli({ home, cwd: dir }, ["backup", join(folder, "fleet.tar")]);
    await until(() => partials(folder).length === 1, "it has begun", 30_000);
    child.kill("SIGKILL");
    await exit;
    assert.equal(partials(folder).length, 1, "what was killed leaves its copy");
  }

  it("leaves nothing once there is another into the same folder; one under way goes on", async () => {
    await killBackup("stick");
    const running = startCli({ home, cwd: dir }, ["backup", join("other", "slow.tar")]);
    await until(() => partials("other").length === 1, "it has begun", 30_000);
    for (const folder of ["stick", "other"]) {
      const made = await cliJson({ home, cwd: dir }, "backup", join(folder, "next.tar"), "--without-logs");
      assert.equal(made.code, 0, JSON.stringify(made.document));
    }
    assert.deepEqual([partials("stick"), partials("other").length], [[], 1]);
    running.interrupt();
    assert.equal((await running.ended).code, 130);
    assert.deepEqual(readdirSync(join(dir, "other")), ["next.tar"]);
    assert.deepEqual(readdirSync(join(home, "partials")), []);
  });

  it("leaves nothing once the service has started, wherever it was written to", async () => {
    await killBackup("stick");
    await service.end("SIGTERM");
    service = await startService();
    assert.deepEqual(readdirSync(join(dir, "stick")), ["next.tar"]);
    assert.deepEqual(readdirSync(join(home, "partials")), []);
  });

  it("leaves nothing once something is restored beside it", async () => {
    await killBackup("stick");
    const data = join(dir, "stick", "again");
    const { code } = await cliJson({ home, cwd: dir }, "restore", join("stick", "next.tar"), "--data", data);
    assert.equal(code, 0);
    assert.deepEqual(readdirSync(join(dir, "stick")), ["again", "next.tar"]);
  });
});
