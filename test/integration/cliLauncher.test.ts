import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

/** A package of its own with the real launcher and a program that plays the bundle. */
describe("the launcher", function () {
  this.timeout(20_000);
  let dir = "";

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "hwledger-bin-"));
    await cp("bin/hwledger.js", join(dir, "bin", "hwledger.js"));
    await writeFile(join(dir, "package.json"), '{ "type": "module" }');
  });
  after(() => rm(dir, { recursive: true, force: true }));

  function launch(...args: string[]) {
    const child = spawn(process.execPath, [join(dir, "bin", "hwledger.js"), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { child, exit: once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]> };
  }

  async function withProgram(text: string): Promise<void> {
    await mkdir(join(dir, "dist", "service"), { recursive: true });
    await writeFile(join(dir, "dist", "service", "hwledger.cjs"), text);
  }

  it("says what to do when nothing is built", async () => {
    const { child, exit } = launch("status", "--json");
    const out = await buffer(child.stdout);
    assert.match(out.toString(), /npm run build/);
    assert.ok("problem" in (JSON.parse(out.toString()) as object));
    assert.deepEqual(await exit, [2, null]);
  });

  it("passes arguments on and mirrors the exit code", async () => {
    await withProgram("process.stdout.write(JSON.stringify(process.argv.slice(2))); process.exitCode = 137;");
    const { child, exit } = launch("a b", "", "--x", "ü\n");
    assert.deepEqual(JSON.parse((await buffer(child.stdout)).toString()), ["a b", "", "--x", "ü\n"]);
    assert.deepEqual(await exit, [137, null]);
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    it(`passes ${signal} on and lets the program end in its own way`, async () => {
      await withProgram(
        `process.on("${signal}", () => process.exit(7)); setInterval(() => {}, 1000); console.log("ready");`,
      );
      const { child, exit } = launch();
      await once(createInterface(child.stdout), "line");
      child.kill(signal);
      assert.deepEqual(await exit, [7, null]);
    });

  it("dies of the signal that the program died of", async () => {
    await withProgram('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);');
    const { exit } = launch();
    assert.deepEqual(await exit, [null, "SIGTERM"]);
  });
});
