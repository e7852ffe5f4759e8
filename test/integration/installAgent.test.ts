import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemdUnit } from "../../agent/serviceUnits.ts";
import type { HostRecord } from "../../protocol/host.ts";
import type { HostId } from "../../protocol/ids.ts";
import { Refusal } from "../../protocol/problem.ts";
import { installOnHost } from "../../service/agents/installOnHost.ts";
import { standardHosts } from "../lab/standardHosts.ts";
import { createLocalShells } from "../support/localShells.ts";
import { startFleetFixture, type FleetFixture } from "../support/startFleetFixture.ts";
import { until } from "../support/until.ts";

describe("installing the agent over SSH", function () {
  this.timeout(180_000);
  let fleet: FleetFixture;

  before(async () => {
    execFileSync(process.execPath, ["scripts/agent-executable.mjs"], { stdio: "ignore" });
    fleet = await startFleetFixture(
      standardHosts.filter(({ name }) => name === "rtx-box" || name === "t4-busybox"),
    );
  });
  after(() => fleet.stop());

  const record = (host: string): Promise<HostRecord> => fleet.client.call("getHost", { params: { host } });

  it("sends the one file to a host with Node.js, and starts it there", async () => {
    const { said, host } = await fleet.client.call("installAgent", { params: { host: "rtx-box" } });
    assert.match(said, /Joined the fleet at https:/);
    assert.match(said, /It runs in the background\./);
    assert.match(said, /@reboot '.*hwledger-agent\.cjs' 'run'/);
    assert.equal(host.agent?.version, "0.1.0");
    const status = await fleet.lab
      .host("rtx-box")
      .run(["/bin/sh", "-c", "ls -ld ~/.hwledger/agent; ls -l ~/.hwledger/agent/identity.json"]);
    assert.match(status.stdout, /^drwx------.*\n-rw-------/);
  });

  it("is read by it alone: no shell of the service is left there", async () => {
    const shells = async (): Promise<string> => {
      const count = 'for p in $(pgrep -f "[s]shd: .*@notty"); do pgrep -P "$p"; done | wc -l';
      return (await fleet.lab.host("rtx-box").run(["/bin/sh", "-c", count])).stdout.trim();
    };
    await until(async () => (await record("rtx-box")).status.kind === "online", "it is online", 20_000);
    await until(async () => (await shells()) === "0", "its shells over SSH have ended", 30_000);
    const since = Date.now();
    await until(
      async () => ((await record("rtx-box")).reading?.atMs ?? 0) > since,
      "a newer reading",
      30_000,
    );
    assert.equal(await shells(), "0");
  });

  it("reads a host over SSH again once its agent is gone", async () => {
    const sshd = fleet.lab.host("rtx-box");
    await sshd.run(["/bin/sh", "-c", "pkill -f hwledger-agent.cjs"]);
    await until(async () => (await record("rtx-box")).agent === null, "its agent is gone", 10_000);
    const since = Date.now();
    await until(
      async () => ((await record("rtx-box")).reading?.atMs ?? 0) > since,
      "a reading over SSH",
      30_000,
    );
  });

  it("sends the executable to a host without Node.js", async () => {
    const { host } = await fleet.client.call(
      "installAgent",
      { params: { host: "t4-busybox" } },
      { silenceMs: 120_000 },
    );
    assert.equal(host.agent?.platform, "linux");
    const { stdout } = await fleet.lab.host("t4-busybox").run(["/bin/sh", "-c", "ls ~/.hwledger/agent"]);
    assert.match(stdout, /^hwledger-agent$/m);
  });
});

describe("installing the agent where it cannot be", function () {
  this.timeout(30_000);
  let dir = "";
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "hwl-no-agent-"))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  async function install(tools: Record<string, string>, url = "https://192.0.2.1:7443"): Promise<Refusal> {
    mkdirSync(join(dir, "bin"));
    for (const [name, text] of Object.entries(tools))
      writeFileSync(join(dir, "bin", name), text, { mode: 0o755 });
    const shells = createLocalShells({
      shell: ["/bin/sh"],
      env: { PATH: `${dir}/bin:/bin:/usr/bin`, HOME: dir },
    });
    const target = {
      id: "h-0000000000000001" as HostId,
      name: "box",
      connection: { kind: "local" as const },
    };
    const needs = { shells, newNonce: () => "n0nce", newLink: () => "hwledger://join?none", url };
    try {
      await installOnHost(needs, target, new AbortController().signal);
    } catch (error) {
      assert.ok(error instanceof Refusal, String(error));
      return error;
    }
    throw new Error("it was installed");
  }

  it("says that there is neither Node.js nor an executable, and how to get one", async () => {
    const refusal = await install({
      uname: '#!/bin/sh\n[ "$1" = -s ] && echo SunOS || echo sun4v\n',
      node: "#!/bin/sh\necho 20\n",
    });
    assert.match(
      refusal.message,
      /On box: it has no Node\.js 22 or newer, and this service no executable for SunOS sun4v\./,
    );
  });

  it("says what the agent said, and that only this machine reaches the service where that is so", async () => {
    const refusal = await install(
      { node: `#!/bin/sh\nexec '${process.execPath}' "$@"\n` },
      "https://127.0.0.1:7443",
    );
    assert.match(refusal.message, /The join link is not valid|The link/);
    assert.match(String(refusal.facts["advice"]), /only its own machine reaches/);
  });

  it("says that the disk is full, and leaves no program that is not whole", async () => {
    const refusal = await install({
      node: "#!/bin/sh\necho 24\n",
      head: "#!/bin/sh\necho head: No space left on device >&2; exit 1\n",
    });
    assert.match(refusal.message, /No space left on device/);
  });

  it("is started by a unit that systemd accepts", () => {
    const file = join(dir, "hwledger-agent.service");
    const argv = [process.execPath, join(dir, 'an "agent" of 100%.cjs'), "run"];
    writeFileSync(
      file,
      systemdUnit({ argv, env: { PATH: "/opt/a b:/bin", HOME: dir } }, "multi-user.target"),
    );
    execFileSync("systemd-analyze", ["verify", file], { stdio: "pipe" });
  });
});
