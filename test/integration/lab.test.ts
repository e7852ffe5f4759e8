import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LabHost } from "../lab/labHost.ts";
import type { LabHostSpec } from "../lab/labHostSpec.ts";
import { runCommand } from "../lab/runCommand.ts";
import { standardHosts } from "../lab/standardHosts.ts";
import { startLab, type Lab } from "../lab/startLab.ts";

const gpuQuery = "nvidia-smi --query-gpu=uuid,memory.used,utilization.gpu,name --format=csv,noheader,nounits";
const specialHosts: LabHostSpec[] = [
  {
    name: "picky",
    password: "open, sesame",
    keyPassphrase: "correct horse",
    sshdConfig: ["MaxSessions 1"],
    homeTmpfsBytes: 262_144,
    interpreters: ["python3"],
  },
];

describe("the lab", function () {
  this.timeout(30_000);
  let dir: string;
  let lab: Lab;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "lab-"));
    lab = await startLab({ dir, hosts: [...standardHosts, ...specialHosts] });
  });
  after(async () => {
    await lab?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  for (const { name, gpus } of standardHosts) {
    it(`lets the key in on ${name} and shows its GPUs there`, async () => {
      const host = lab.host(name);
      const { stdout, code } = await ssh(host, gpuQuery);
      const lines = host.gpus.map((gpu) => `${gpu.uuid}, ${cellsOf(gpu.cells)}, ${gpu.name}`);
      if (gpus === undefined) assert.equal(code, 127);
      else if (name === "stale-a10")
        assert.deepEqual(
          [code, stdout.split("\n")[0]],
          [18, "Failed to initialize NVML: Driver/library version mismatch"],
        );
      else assert.ok(lines.length > 0 && lines.every((line) => stdout.includes(`${line}\n`)), stdout);
    });
  }

  it("gives every host an identity of its own", async () => {
    const seen = await Promise.all(
      lab.hosts.filter(isOpen).map(async (host) => {
        const { stdout } = await ssh(
          host,
          "cat /etc/machine-id /proc/sys/kernel/random/boot_id; hostname; whoami; echo ~",
        );
        assert.equal(
          stdout.trim().split("\n").slice(-5).join(" "),
          [host.machineId, host.bootId, host.name, host.user, host.home].join(" "),
        );
        return [host.machineId, host.bootId, host.hostKeyFingerprint];
      }),
    );
    assert.equal(new Set(seen.flat()).size, 3 * seen.length);
  });

  it("has rc files that print, interpreters that are missing and a BusyBox shell", async () => {
    assert.match((await ssh(lab.host("cpu-box"), "true")).stdout, /^loading modules/);
    assert.match((await ssh(lab.host("h100-node"), "true")).stdout, /^Welcome to h100-node/);
    assert.equal(
      (await ssh(lab.host("rtx-box"), "python3 -c 'print(6*7)' && node -p 6*7")).stdout,
      "42\n42\n",
    );
    const bare = await ssh(
      lab.host("t4-busybox"),
      "command -v python3 node bash /usr/bin/python3; sh --help 2>&1 | head -n 1",
    );
    assert.match(bare.stdout, /^BusyBox/);
  });

  it("refuses connections when stopped and is back on the same port with the same key", async () => {
    const host = lab.host("rtx-box");
    await host.stop();
    assert.equal(await refusesConnections(host), true);
    await host.start();
    assert.equal((await ssh(host, "echo back")).stdout, "back\n");
  });

  it("cuts every connection while what was detached goes on, also when sshd is down", async () => {
    const host = lab.host("spark");
    const job =
      "setsid sh -c 'while [ ! -e go ]; do sleep 0.05; done; echo done >result' </dev/null >/dev/null 2>&1 & echo started; cat";
    const session = spawn("ssh", host.sshArgs(job), { stdio: ["pipe", "pipe", "ignore"] });
    const ended = once(session, "close");
    await once(session.stdout, "data");
    await host.cutConnections();
    assert.deepEqual(await ended, [255, null]);
    assert.equal((await ssh(host, "echo again")).stdout, "again\n");
    await host.stop();
    await host.run(["touch", `${host.home}/go`]);
    await eventually(() =>
      readFile(join(host.homeOnDisk, "result"), "utf8").then((text) => text === "done\n"),
    );
    await host.start();
  });

  it("is refused by known_hosts after the host key was replaced, until the new key is known", async () => {
    const host = lab.host("worn-3090");
    const oldLine = host.knownHostsLine;
    await host.replaceHostKey();
    const oldKnownHosts = join(dir, "old_known_hosts");
    await writeFile(oldKnownHosts, `${oldLine}\n`);
    const args = host.sshArgs("true", [`UserKnownHostsFile=${oldKnownHosts}`]);
    const refused = await runCommand(["ssh", ...args]);
    assert.equal(refused.code, 255);
    assert.match(refused.stderr, /Host key verification failed/);
    assert.equal((await ssh(host, "true")).code, 0);
    assert.notEqual(host.knownHostsLine, oldLine);
  });

  it("keeps silent while frozen and answers after the thaw", async () => {
    const host = lab.host("stale-a10");
    await host.freeze();
    const args = host.sshArgs("true", ["ConnectTimeout=1"]);
    assert.match((await runCommand(["ssh", ...args])).stderr, /timed out/i);
    await host.thaw();
    assert.equal((await ssh(host, "echo awake")).stdout, "awake\n");
  });

  it("ends every process and changes the boot id in a reboot, files stay", async () => {
    const host = lab.host("rtx-box");
    const bootId = host.bootId;
    await ssh(host, "echo kept >kept; setsid sleep 987 </dev/null >/dev/null 2>&1 &");
    await host.reboot();
    const { stdout } = await ssh(
      host,
      "cat kept /proc/sys/kernel/random/boot_id; cat /proc/[0-9]*/comm | grep -c sleep",
    );
    assert.equal(stdout, `kept\n${host.bootId}\n0\n`);
    assert.notEqual(host.bootId, bootId);
  });

  it("asks for passphrase and password, limits sessions and has a small disk, where the spec says so", async () => {
    const host = lab.host("picky");
    assert.equal((await ssh(host, "true")).code, 255);
    const byKey = await sshAnswering(host, "correct horse", ["PreferredAuthentications=publickey"]);
    assert.match(byKey.stdout, /No space left on device/);
    const byPassword = await sshAnswering(host, "open, sesame", ["PreferredAuthentications=password"]);
    assert.match(byPassword.stdout, /No space left on device/);
    assert.equal((await host.run(["sh", "-c", "command -v node || echo none"])).stdout, "none\n");
    const config = await host.run(["/usr/sbin/sshd", "-T", "-f", "/mnt/sshd_config"], {
      as: process.getuid?.() === 0 ? "root" : "login",
    });
    assert.match(config.stdout, /^maxsessions 1$/m);
    assert.match(await readFile(host.sshdLog, "utf8"), /Accepted password for ada/);
  });

  it("names its hosts in an ssh_config", async () => {
    const { stdout } = await runCommand([
      "ssh",
      "-F",
      lab.sshConfigFile,
      "-o",
      "BatchMode=yes",
      "rtx-box",
      "hostname",
    ]);
    assert.equal(stdout, "rtx-box\n");
  });

  async function sshAnswering(host: LabHost, answer: string, settings: string[]) {
    const askpass = join(dir, "askpass");
    await writeFile(askpass, `#!/bin/sh\necho '${answer}'\n`, { mode: 0o700 });
    const command = "LC_ALL=C head -c 300000 /dev/zero 2>&1 >big";
    const args = host.sshArgs(command, ["BatchMode=no", "NumberOfPasswordPrompts=1", ...settings]);
    const env = { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: "force" };
    return await runCommand(["ssh", ...args], { env });
  }
});

describe("a lab whose parent is killed", function () {
  this.timeout(30_000);

  it("is gone with all its processes, and its folder serves the next lab", async () => {
    const dir = await mkdtemp(join(tmpdir(), "lab-orphan-"));
    const url = new URL("../lab/startLab.ts", import.meta.url).href;
    const program = `import { startLab } from ${JSON.stringify(url)};
      const { hosts } = await startLab({ dir: ${JSON.stringify(dir)}, hosts: [{ name: "orphan" }] });
      setInterval(() => undefined, 1_000); // the lab itself does not keep a process alive
      console.log(hosts[0].pid, hosts[0].address, hosts[0].port);`;
    const parent = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = (await once(createInterface(parent.stdout), "line")) as [string];
      const [pid, address = "", port] = line.split(" ");
      assert.equal(await refusesConnections({ address, port: Number(port) }), false);
      parent.kill("SIGKILL");
      await eventually(() =>
        access(`/proc/${pid}`).then(
          () => false,
          () => true,
        ),
      );
      assert.equal(await refusesConnections({ address, port: Number(port) }), true);
      const next = await startLab({ dir, hosts: [{ name: "orphan" }] });
      assert.equal((await ssh(next.host("orphan"), "echo new")).stdout, "new\n");
      await next.stop();
    } finally {
      parent.kill("SIGKILL");
      await rm(dir, { recursive: true, force: true });
    }
  });
});

const isOpen = (host: LabHost) => host.spec.keyPassphrase === undefined;
const cellsOf = (cells: Readonly<Record<string, string>>) =>
  `${cells["memory.used"]}, ${cells["utilization.gpu"]}`;
const ssh = (host: LabHost, command: string) => runCommand(["ssh", ...host.sshArgs(command)]);

function refusesConnections({ address, port }: { address: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
  });
}

async function eventually(holds: () => Promise<boolean>, limitMs = 10_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > endMs) assert.fail(`did not come true in ${limitMs} ms: ${holds.toString()}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
