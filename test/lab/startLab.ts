import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { ensureSystemPackages, labPackages } from "../../scripts/systemPackages.mjs";
import type { Login } from "./hostNamespace.ts";
import { keepPort, keptPort } from "./keptIdentity.ts";
import { startLabHost, type LabHost, type LabHostPlace } from "./labHost.ts";
import type { LabHostSpec } from "./labHostSpec.ts";

const firstUid = 52_000;
const firstHostNumber = 11;

/** A running lab. */
export interface Lab {
  readonly hosts: readonly LabHost[];
  /** The host of that name; throws when there is none. */
  host(name: string): LabHost;
  /** An ssh_config that names every host of the lab: `ssh -F FILE rtx-box`. */
  readonly sshConfigFile: string;
  /** Ends every process of the lab, also jobs that detached, and removes its files. */
  stop(): Promise<void>;
}

/** Settings of `startLab`. */
export interface LabOptions {
  /** Folder for everything the lab writes; made when absent. One lab at a time in a folder. */
  dir: string;
  hosts: readonly LabHostSpec[];
  /**
   * First three numbers of the hosts' addresses, in 127.0.0.0/8. By default it follows from the pid, so that labs
   * of several test runs do not take each other's ports while a host is down.
   */
  network?: string;
  /** Keeps keys and, where they are free, ports for the next lab in that folder, so that a fleet finds its hosts again. */
  keep?: boolean;
}

/**
 * Starts a real sshd per host on a loopback address, each in namespaces of its own: files, processes, hostname, machine
 * id, boot id, accounts. When this process dies, by whatever cause, the kernel ends all of the lab's processes.
 */
export async function startLab({
  dir,
  hosts: specs,
  network = networkOfProcess(),
  keep = false,
}: LabOptions): Promise<Lab> {
  await ensureSystemPackages(labPackages);
  const base = resolve(dir);
  const pidFile = join(base, "lab.pids");
  await mkdir(base, { recursive: true });
  await endLeftovers(pidFile, base);
  const started = await Promise.allSettled(
    specs.map((spec, index) =>
      startOne(spec, {
        dir: join(base, "hosts", spec.name),
        address: `${network}.${firstHostNumber + index}`,
        login: loginOf(spec, index),
        ...(keep ? { kept: join(base, "kept", spec.name) } : {}),
      }),
    ),
  );
  const hosts = started.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const stop = async () => {
    await Promise.all(hosts.map((host) => host.end()));
    await rm(join(base, "hosts"), { recursive: true, force: true });
    await rm(pidFile, { force: true });
  };
  const failures = started.flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason as unknown] : [],
  );
  if (failures.length > 0) {
    await stop();
    throw new AggregateError(failures, `the lab does not start: ${failures.map(String).join("; ")}`);
  }
  const sshConfigFile = join(base, "hosts", "ssh_config");
  await writeFile(sshConfigFile, hosts.map(sshConfigOf).join("\n"));
  await writeFile(pidFile, hosts.map((host) => `${host.pid}\n`).join(""));
  return {
    hosts,
    host(name) {
      const found = hosts.find((host) => host.name === name);
      if (found === undefined) throw new Error(`the lab has no host ${name}`);
      return found;
    },
    sshConfigFile,
    stop,
  };
}

async function startOne(spec: LabHostSpec, place: Omit<LabHostPlace, "port">): Promise<LabHost> {
  const { address, kept } = place;
  const port = await freePort(address, kept === undefined ? 0 : await keptPort(kept));
  if (kept !== undefined) await keepPort(kept, port);
  return await startLabHost(spec, { ...place, port });
}

function sshConfigOf({ name, address, port, user, identityFile, knownHostsFile }: LabHost): string {
  return [
    `Host ${name}`,
    `  HostName ${address}`,
    `  Port ${port}`,
    `  User ${user}`,
    `  IdentityFile "${identityFile}"`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile "${knownHostsFile}"`,
    "",
  ].join("\n");
}

function networkOfProcess(): string {
  return `127.${1 + (Math.floor(process.pid / 256) % 254)}.${process.pid % 256}`;
}

function loginOf(spec: LabHostSpec, index: number): Login {
  const name = spec.user ?? "ada";
  const own = process.getuid?.() ?? 0;
  const uid = own === 0 ? firstUid + index : own;
  const gid = own === 0 ? firstUid + index : (process.getgid?.() ?? own);
  return { name, uid, gid, home: `/home/${name}` };
}

/** A port that nobody listens on: the wanted one where that is free. */
async function freePort(address: string, wanted: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once("listening", done);
    server.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" && wanted !== 0) server.listen(0, address);
      else fail(error);
    });
    server.listen(wanted, address);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Ends what an earlier lab in this folder left, if its pids still belong to a lab of this folder. */
async function endLeftovers(pidFile: string, base: string): Promise<void> {
  const pids = (await readFile(pidFile, "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => /^\d+$/.test(line));
  for (const pid of pids) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (commandLine.startsWith("unshare\0") && commandLine.includes(join(base, "hosts")))
      process.kill(Number(pid), "SIGKILL");
  }
}
