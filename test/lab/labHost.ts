import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hiddenFiles, newBootId, newHostKey, readHostKey, writeHostFiles } from "./hostFiles.ts";
import { startHostNamespace, type HostNamespace, type InsideUser, type Login } from "./hostNamespace.ts";
import { initScript } from "./hostScripts.ts";
import { createHostSshd, type HostSshd } from "./hostSshd.ts";
import { createLabGpuFiles, type LabGpu, type LabGpuFiles } from "./labGpuFiles.ts";
import type { LabHostSpec } from "./labHostSpec.ts";
import type { CommandResult } from "./runCommand.ts";

/** How a command runs inside a host. `limitMs` as in `runCommand`. */
export interface RunInsideOptions {
  /** Default `login`. */
  as?: InsideUser;
  input?: string;
  limitMs?: number;
}

/** One running host of the lab: a real sshd with its own user, files, processes and hostname. */
export interface LabHost {
  readonly spec: LabHostSpec;
  /** Pid, on this machine, of the process that holds the host together; changes with `reboot`. */
  readonly pid: number;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Private key of the client (ed25519, OpenSSH format, 0600). */
  readonly identityFile: string;
  /** `SHA256:…` of the present host key; changes with `replaceHostKey`. */
  readonly hostKeyFingerprint: string;
  /** Line of a known_hosts file for the present host key. */
  readonly knownHostsLine: string;
  /** A known_hosts file that holds that line. */
  readonly knownHostsFile: string;
  /** The login's home as the login sees it, e.g. `/home/ada`. */
  readonly home: string;
  /** The same folder as this machine sees it; empty when the host has `homeTmpfsBytes`. */
  readonly homeOnDisk: string;
  readonly machineId: string;
  /** Changes with `reboot`. */
  readonly bootId: string;
  /** The figures its `nvidia-smi` prints now; empty for a host without the tool. */
  readonly gpus: LabGpu[];
  /** Changes those figures or breaks the tool; throws for a host without it. */
  readonly gpuFiles: LabGpuFiles;
  /** Path of sshd's log. */
  readonly sshdLog: string;
  /** Arguments for the system's `ssh`, without prompts; settings such as `ConnectTimeout=1` win over ours. */
  sshArgs(command?: string, settings?: readonly string[]): string[];
  /** Runs a command inside the host without SSH, as the login unless said. Pids are the host's own. */
  run(argv: readonly string[], options?: RunInsideOptions): Promise<CommandResult>;
  /** Ends sshd and its sessions: connections are refused. What jobs detached goes on. */
  stop(): Promise<void>;
  /** Starts sshd again on the same port. Does nothing when it runs. */
  start(): Promise<void>;
  /** Ends the sessions only: every connection is lost, new ones are accepted, detached jobs go on. */
  cutConnections(): Promise<void>;
  /** Stops and starts sshd with another host key. */
  replaceHostKey(): Promise<void>;
  /** Holds sshd and its sessions still: connections stay up and say nothing. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Power cycle: every process ends, the files stay (not those on `homeTmpfsBytes`), the boot id changes. */
  reboot(): Promise<void>;
  /** Ends every process of the host for good. */
  end(): Promise<void>;
}

/** Where a host is put. */
export interface LabHostPlace {
  dir: string;
  address: string;
  port: number;
  login: Login;
  /** See `writeHostFiles`. */
  kept?: string;
}

/** Writes a host's files and starts it. */
export async function startLabHost(spec: LabHostSpec, place: LabHostPlace): Promise<LabHost> {
  const { dir, login } = place;
  await writeHostFiles({ spec, ...place });
  const script = initScript({
    spec,
    hostDir: dir,
    home: login.home,
    homeOwner: process.getuid?.() === 0 ? `${login.uid}:${login.gid}` : "0:0",
    nodePath: process.execPath,
    hiddenFiles: await hiddenFiles(spec),
  });
  const host = new RunningHost(spec, place, await readFacts(place), () => startHostNamespace(script, login));
  await host.powerOn();
  return host;
}

type Facts = Awaited<ReturnType<typeof readFacts>>;

class RunningHost implements LabHost {
  readonly spec: LabHostSpec;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly home: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  readonly homeOnDisk: string;
  readonly sshdLog: string;
  readonly #place: LabHostPlace;
  readonly #openNamespace: () => Promise<HostNamespace>;
  #facts: Facts;
  #power: { inside: HostNamespace; sshd: HostSshd } | null = null;

  constructor(spec: LabHostSpec, place: LabHostPlace, facts: Facts, open: () => Promise<HostNamespace>) {
    this.spec = spec;
    this.name = spec.name;
    this.address = place.address;
    this.port = place.port;
    this.user = place.login.name;
    this.home = place.login.home;
    this.identityFile = join(place.dir, "client_key");
    this.knownHostsFile = join(place.dir, "known_hosts");
    this.homeOnDisk = join(place.dir, "home");
    this.sshdLog = join(place.dir, "sshd.log");
    this.#place = place;
    this.#facts = facts;
    this.#openNamespace = open;
  }

  get pid() {
    return this.#on().inside.pid;
  }
  get hostKeyFingerprint() {
    return this.#facts.fingerprint;
  }
  get knownHostsLine() {
    return this.#facts.knownHostsLine;
  }
  get machineId() {
    return this.#facts.machineId;
  }
  get bootId() {
    return this.#facts.bootId;
  }
  get gpus() {
    return this.spec.gpus === undefined ? [] : this.gpuFiles.read();
  }
  get gpuFiles() {
    if (this.spec.gpus === undefined) throw new Error(`${this.name} has no nvidia-smi`);
    return createLabGpuFiles(join(this.#place.dir, "local/share/nvidia-smi"));
  }

  sshArgs(command?: string, settings: readonly string[] = []): string[] {
    const words = command === undefined ? [] : [command];
    return [...sshOptions(this.#place, settings), `${this.user}@${this.address}`, ...words];
  }
  run(argv: readonly string[], options: RunInsideOptions = {}) {
    const { as = "login", ...rest } = options;
    return this.#on().inside.run(argv, as, rest);
  }
  start() {
    return this.#on().sshd.start();
  }
  stop() {
    return this.#on().sshd.stop();
  }
  cutConnections() {
    return this.#on().sshd.cutConnections();
  }
  freeze() {
    return this.#on().sshd.freeze();
  }
  thaw() {
    return this.#on().sshd.thaw();
  }

  async replaceHostKey() {
    await this.stop();
    await newHostKey(this.#place.dir);
    this.#facts = await readFacts(this.#place);
    await this.start();
  }

  async reboot() {
    await this.end();
    await newBootId(this.#place.dir);
    this.#facts = await readFacts(this.#place);
    await this.powerOn();
  }

  async powerOn() {
    const inside = await this.#openNamespace();
    const sshd = createHostSshd(inside, this.#place);
    this.#power = { inside, sshd };
    try {
      await sshd.start();
    } catch (cause) {
      await this.end();
      throw cause;
    }
  }

  async end() {
    const power = this.#power;
    this.#power = null;
    if (power === null) return;
    await power.sshd.thaw().catch(() => undefined); // a stopped nsenter would outlive the host
    await power.inside.end();
  }

  #on() {
    if (this.#power === null) throw new Error(`${this.name} has ended`);
    return this.#power;
  }
}

async function readFacts({ dir, address, port }: LabHostPlace) {
  const { publicKey, fingerprint } = await readHostKey(dir);
  const knownHostsLine = `[${address}]:${port} ${publicKey}`;
  await writeFile(join(dir, "known_hosts"), `${knownHostsLine}\n`);
  const machineId = (await readFile(join(dir, "machine-id"), "utf8")).trim();
  const bootId = (await readFile(join(dir, "boot_id"), "utf8")).trim();
  return { fingerprint, knownHostsLine, machineId, bootId };
}

function sshOptions({ dir, port }: LabHostPlace, first: readonly string[]): string[] {
  const settings = [
    ...first,
    "IdentitiesOnly=yes",
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${join(dir, "known_hosts")}`,
    "GlobalKnownHostsFile=/dev/null",
    "ConnectTimeout=10",
    "LogLevel=ERROR",
  ];
  const options = settings.flatMap((setting) => ["-o", setting]);
  return ["-F", "none", "-i", join(dir, "client_key"), "-p", String(port), ...options];
}
