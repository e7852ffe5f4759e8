import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import type { HostId } from "../../protocol/ids.ts";
import { createHostShells } from "../../service/ssh/createHostShells.ts";
import { createLocalShells } from "../../protocol/shells/createLocalShells.ts";
import type { HostShells } from "../../protocol/shells/hostShell.ts";
import { refusedWith, runIn } from "./sshPoolFixture.ts";

describe("shells on this machine", () => {
  let home = "";
  const target = { id: "h-0000000000000001" as HostId, name: "here", connection: { kind: "local" as const } };
  const nobody: HostShells = { openShell: () => assert.fail("not by SSH") };

  before(async () => {
    home = await mkdtemp(join(os.tmpdir(), "hwl-home-"));
  });
  after(() => rm(home, { recursive: true, force: true }));

  const shells = (platform: NodeJS.Platform = process.platform) =>
    createHostShells({
      local: createLocalShells({
        machine: { home, platform, env: { PATH: process.env["PATH"], HOME: home } },
      }),
      ssh: nobody,
      agent: nobody,
    });

  it("start at home and end with their exit code", async () => {
    const shell = await shells().openShell(target);
    assert.deepEqual(await runIn(shell, "pwd; exit 3"), { out: `${home}\n`, code: 3 });
  });

  it("are leaders of a session of their own", async () => {
    const shell = await shells().openShell(target);
    const { out } = await runIn(shell, "echo $$; ps -o sid= -p $$");
    const [pid, session] = out.trim().split(/\s+/);
    assert.equal(session, pid);
  });

  it("are let go of without an end of what they detached", async () => {
    const shell = await shells().openShell(target);
    shell.stdin.write("setsid sh -c 'sleep 0.3; echo done >file' >/dev/null 2>&1 </dev/null & echo $!\n");
    const pid = await new Promise<number>((resolve) => {
      shell.stdout.once("data", (chunk: Buffer) => {
        resolve(Number(chunk.toString()));
      });
    });
    shell.close();
    assert.deepEqual(await shell.exited, { code: 0, signal: null });
    assert.equal(process.kill(pid, 0), true);
    const waiting = await shells().openShell(target);
    const script = "i=0; while [ ! -s file ] && [ $i -lt 100 ]; do sleep 0.05; i=$((i+1)); done; cat file";
    assert.equal((await runIn(waiting, script)).out, "done\n");
  });

  it("do not exist on Windows", async () => {
    await refusedWith(shells("win32").openShell(target), "host-local-unsupported");
  });
});
