import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { problemOf, Refusal } from "../../protocol/problem.ts";
import { homeLayout } from "../../service/homeLayout.ts";
import { keepPrivate } from "../../service/keepPrivate.ts";
import { startService } from "../../service/main.ts";
import { until } from "../support/until.ts";

const listen = { address: "127.0.0.1", port: 0 };

/** What a fleet's first start leaves in a folder. */
async function firstStart(home: string): Promise<void> {
  const started = await startService({ home, listen });
  assert.ok(started.kind === "started");
  await started.stop();
}

/** The files that this process has open. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the folder itself, read and closed
    }
  });
}

describe("a data folder that is not private", function () {
  this.timeout(60_000);
  let home: string;
  let caFile: string;

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), "hwledger-private-"));
    await firstStart(home);
    caFile = join(home, "keys", "ca.json");
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  /** Asserts that the service refuses to start, and gives the problem. */
  async function refusal(): Promise<{ detail: string; next: string; command: string }> {
    const error = await startService({ home, listen }).then(
      () => assert.fail("it started"),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof Refusal, String(error));
    assert.equal(error.code, "key-not-private");
    const { detail, next } = problemOf(error.code, error.facts);
    return { detail, next, command: String(error.facts["command"]) };
  }

  /** Starts the service and stops it. Gives what it said in its log on the way. */
  async function startedLog(): Promise<string> {
    const before = readFileSync(join(home, "service.log")).length;
    await firstStart(home);
    const written = (): string => readFileSync(join(home, "service.log")).subarray(before).toString();
    await until(() => written().includes("the service has stopped"), "the log is written");
    return written();
  }

  for (const [who, mode] of [
    ["everybody", 0o604],
    ["the group", 0o640],
    ["everybody, to write", 0o602],
  ] as const)
    it(`refuses to start with a CA key for ${who}, and says what to run, which helps`, async () => {
      chmodSync(caFile, mode);
      const { detail, next, command } = await refusal();
      assert.ok(detail.includes(caFile) && detail.includes(`0${mode.toString(8)}`), detail);
      assert.equal(command, `chmod 600 '${caFile}'`);
      assert.ok(next.includes(command), next);
      assert.equal(statSync(caFile).mode & 0o777, mode, "it is not mended in silence");
      execFileSync("/bin/sh", ["-c", command]);
      await startedLog();
    });

  it("refuses to start with a key behind a link, and says what to run, which helps", async () => {
    const elsewhere = join(home, "it is elsewhere.json");
    renameSync(caFile, elsewhere);
    symlinkSync(elsewhere, caFile);
    const { detail, command } = await refusal();
    assert.match(detail, /is a symbolic link/);
    execFileSync("/bin/sh", ["-c", command]);
    assert.equal(existsSync(elsewhere), false);
    await startedLog();
  });

  it("refuses to start with a folder of keys or an identity behind a link", async () => {
    for (const name of ["keys", "identity.json"]) {
      renameSync(join(home, name), join(home, "other"));
      symlinkSync(join(home, "other"), join(home, name));
      assert.ok((await refusal()).detail.includes(join(home, name)), name);
      rmSync(join(home, name));
      renameSync(join(home, "other"), join(home, name));
    }
  });

  it("refuses what belongs to another account, whichever file or folder it is", () => {
    const layout = homeLayout(home);
    const mine = process.getuid?.();
    assert.ok(mine !== undefined, "files have no owner here");
    assert.deepEqual(keepPrivate(layout, mine), []);
    for (const path of [home, join(home, "keys"), caFile, join(home, "identity.json"), layout.database]) {
      const { uid, gid } = statSync(path);
      chownSync(path, 65_534, gid);
      assert.throws(
        () => keepPrivate(layout, mine),
        (error: unknown) =>
          error instanceof Refusal &&
          error.code === "key-not-private" &&
          error.facts["file"] === path &&
          error.facts["command"] === `sudo chown ${mine} '${path}'`,
        path,
      );
      chownSync(path, uid, gid);
    }
  });

  it("does not keep the folder's lock after a refusal", async () => {
    chmodSync(caFile, 0o644);
    await refusal();
    chmodSync(caFile, 0o600);
    await startedLog();
  });

  it("has nothing left open or running of a service that its damaged CA kept from starting", async () => {
    // Those of the services before may still be ending.
    const processes = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === "ProcessWrap").length;
    const before = processes();
    writeFileSync(caFile, "damaged");
    await assert.rejects(startService({ home, listen }), { code: "ca-damaged" });
    assert.ok(processes() <= before, "no shell of a probe runs");
    assert.deepEqual(
      openFiles().filter((file) => file.startsWith(join(home, "fleet.sqlite"))),
      [],
    );
  });

  it("mends the mode of other private files and folders, and says so in the log", async () => {
    const wrong = {
      "identity.json": 0o644,
      "fleet.sqlite": 0o664,
      "service.log": 0o640,
      keys: 0o755,
      logs: 0o711,
    };
    for (const [name, mode] of Object.entries(wrong)) chmodSync(join(home, name), mode);
    const log = await startedLog();
    for (const [name, mode] of Object.entries(wrong)) {
      assert.equal(statSync(join(home, name)).mode & 0o077, 0, name);
      assert.ok(
        log.includes(`"path":"${join(home, name)}","mode":"0${mode.toString(8)}"`),
        `${name}: ${log}`,
      );
    }
    assert.doesNotMatch(await startedLog(), /was mended/);
  });
});
