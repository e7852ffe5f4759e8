import type { LabHostSpec } from "./labHostSpec.ts";

/** Where the host's own folder lies inside its namespace, whatever its path outside. */
export const insideDir = "/mnt";
/** The PATH of every command on a lab host. */
export const hostPath = "/usr/local/bin:/usr/bin:/bin";

/** What the init script needs to know beyond the spec. */
export interface InitInputs {
  spec: LabHostSpec;
  /** The host's folder as the machine sees it. */
  hostDir: string;
  home: string;
  /** `UID:GID` of the login as the init script sees it: in a user namespace of ours that is root. */
  homeOwner: string;
  nodePath: string;
  /** Files of the machine that the host must not have (an absent interpreter). */
  hiddenFiles: readonly string[];
}

/**
 * The first process of a host: makes the host's own view of the file system, says `ready`, then collects
 * orphans until its stdin ends. When it ends the kernel ends every process of the host, so a lab whose parent
 * died leaves nothing behind.
 */
export function initScript(inputs: InitInputs): string {
  const { spec, home } = inputs;
  const bind = (from: string, to: string) => `mount --bind ${quote(from)} ${quote(to)}`;
  const wantsNode = interpretersOf(spec).includes("node");
  return [
    "set -e",
    "umask 022",
    `hostname ${quote(spec.name)}`,
    "mount -t proc proc /proc",
    ...(wantsNode ? [bind(inputs.nodePath, `${inputs.hostDir}/local/bin/node`)] : []),
    `mount --rbind ${quote(inputs.hostDir)} ${insideDir}`,
    `cd ${insideDir}`,
    ...inputs.hiddenFiles.map((file) => bind("/dev/null", file)),
    bind("boot_id", "/proc/sys/kernel/random/boot_id"),
    ...["machine-id", "passwd", "group", "shadow"].map((name) => bind(name, `/etc/${name}`)),
    ...(spec.homeTmpfsBytes === undefined ? [] : tmpfsHome(spec.homeTmpfsBytes, inputs.homeOwner)),
    `mkdir -p /run/sshd 2>/dev/null || true`,
    "mount --rbind local /usr/local",
    "mount -t tmpfs -o mode=755 tmpfs /home",
    `mkdir ${quote(home)}`,
    `mount --rbind home ${quote(home)}`,
    bind("tmp", "/tmp"),
    ...(spec.userland === "busybox" ? [bind("/usr/bin/busybox", "/bin/sh")] : []),
    "exec 3<&0",
    "cat <&3 >/dev/null &",
    "echo ready",
    "wait $!",
  ].join("\n");
}

function tmpfsHome(sizeBytes: number, owner: string): string[] {
  return [
    `mount -t tmpfs -o size=${sizeBytes},mode=700 tmpfs home`,
    "cp -Rp skeleton/. home/",
    `chown ${owner} home`,
  ];
}

/** The configuration of a host's sshd. Its paths are those inside the namespace. */
export function sshdConfig(spec: LabHostSpec, address: string, port: number): string {
  return [
    ...(spec.sshdConfig ?? []), // sshd takes the first value it reads
    `ListenAddress ${address}`,
    `Port ${port}`,
    `HostKey ${insideDir}/host_key`,
    "PidFile none",
    `AuthorizedKeysFile ${insideDir}/authorized_keys`,
    "StrictModes no", // the lab's folder may lie anywhere
    "UsePAM no",
    `PasswordAuthentication ${spec.password === undefined ? "no" : "yes"}`,
    "KbdInteractiveAuthentication no",
    "LogLevel VERBOSE",
    "PrintMotd no",
    "PrintLastLog no",
    "UseDNS no",
    "AcceptEnv LANG LC_*",
    "Subsystem sftp internal-sftp",
    `SetEnv PATH=${spec.userland === "busybox" ? "/usr/local/bin" : hostPath}`,
    "",
  ].join("\n");
}

/** The interpreters a host has. */
export function interpretersOf(spec: LabHostSpec): readonly ("python3" | "node")[] {
  return spec.interpreters ?? ["python3", "node"];
}

/** Quotes one word for a POSIX shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
