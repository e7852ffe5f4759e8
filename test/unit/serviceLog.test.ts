import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openServiceLog } from "../../service/openServiceLog.ts";

describe("the service's own log", () => {
  const dir = mkdtempSync(join(tmpdir(), "hwledger-log-"));
  after(() => rmSync(dir, { recursive: true, force: true }));

  it("goes on where it ended, keeps one file of before at its limit, and stays its owner's", async () => {
    const file = join(dir, "service.log");
    writeFileSync(file, "before\n", { mode: 0o600 });
    const log = openServiceLog(file, { limitBytes: 1_000 });
    const line = `${"x".repeat(99)}\n`;
    for (let number = 0; number < 35; number += 1)
      await new Promise<void>((resolve) => log.write(line, () => resolve()));
    log.end();
    await once(log, "close");
    assert.deepEqual(readdirSync(dir).sort(), ["service.log", "service.log.1"]);
    for (const name of readdirSync(dir)) {
      const { mode, size } = statSync(join(dir, name));
      assert.equal(mode & 0o777, 0o600, name);
      assert.ok(size <= 1_100, `${name}: ${size}`);
    }
    const again = openServiceLog(file, { limitBytes: 1_000 });
    again.end("at its end\n");
    await once(again, "close");
    assert.match(readFileSync(file, "utf8"), /x\nat its end\n$/);
  });

  it("does without while it cannot be written, and goes on when it can", async () => {
    const file = join(dir, "later", "service.log");
    writeFileSync(join(dir, "later"), "in the way");
    const log = openServiceLog(file, { limitBytes: 1_000, pauseMs: 50 });
    const write = (text: string) => new Promise<void>((resolve) => log.write(text, () => resolve()));
    await write("lost\n");
    rmSync(join(dir, "later"));
    mkdirSync(join(dir, "later"));
    await write("lost as well\n");
    await delay(60);
    await write("kept\n");
    log.end();
    await once(log, "close");
    assert.equal(readFileSync(file, "utf8"), "kept\n");
  });
});
