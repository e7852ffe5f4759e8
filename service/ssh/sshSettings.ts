import path from "node:path";

/** What a record says of an SSH host: the name to give to `ssh -G`, and what overrides its configuration. */
export interface SshRequest {
  alias: string;
  port: number | null;
  user: string | null;
  identityFile: string | null;
}

/** The facts about this machine that settings depend on. */
export interface Machine {
  home: string;
  userName: string;
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
}

/** Everything about the way to one host, with names expanded. */
export interface SshSettings {
  alias: string;
  hostname: string;
  port: number;
  user: string;
  /** Absolute paths, in the order to try; those that are only defaults may not exist. */
  identityFiles: string[];
  /** The one named in the host's record: missing is an error then. */
  namedIdentityFile: string | null;
  identitiesOnly: boolean;
  /** Socket of the agent; null when there is none. */
  identityAgent: string | null;
  certificateFiles: string[];
  proxyJump: string | null;
  proxyCommand: string | null;
  hostKeyAlias: string | null;
  userKnownHostsFiles: string[];
  globalKnownHostsFiles: string[];
  connectTimeoutMs: number | null;
}

/** Settings from the output of `ssh -G` (lower-case `key value` lines, repeated keys for lists). Pure. */
export function parseSshSettings(output: string, request: SshRequest, machine: Machine): SshSettings {
  const values = linesByKey(output);
  const one = (key: string): string | null => {
    const value = values.get(key)?.[0] ?? null;
    return value === null || value === "" || value.toLowerCase() === "none" ? null : value;
  };
  const hostname = one("hostname") ?? request.alias;
  const user = one("user") ?? machine.userName;
  const expand = (file: string): string => expandPath(file, { hostname, user }, machine);
  const files = (key: string): string[] => (values.get(key) ?? []).filter((v) => v !== "none").map(expand);
  const fileList = (key: string): string[] => (one(key)?.split(/\s+/) ?? []).map(expand);
  return {
    alias: request.alias,
    hostname,
    port: Number(one("port") ?? 22),
    user,
    identityFiles: [...new Set(files("identityfile"))],
    namedIdentityFile: request.identityFile === null ? null : expand(request.identityFile),
    identitiesOnly: one("identitiesonly") === "yes",
    identityAgent: identityAgent(values.get("identityagent")?.[0], expand, machine),
    certificateFiles: files("certificatefile"),
    proxyJump: one("proxyjump"),
    proxyCommand: one("proxycommand"),
    hostKeyAlias: one("hostkeyalias"),
    userKnownHostsFiles: fileList("userknownhostsfile"),
    globalKnownHostsFiles: fileList("globalknownhostsfile"),
    connectTimeoutMs: secondsToMs(one("connecttimeout")),
  };
}

/** Settings where there is no OpenSSH to ask: what the record says, and OpenSSH's defaults. Pure. */
export function defaultSshSettings(request: SshRequest, machine: Machine): SshSettings {
  const folder = path.join(machine.home, ".ssh");
  const hostname = request.alias;
  const user = request.user ?? machine.userName;
  const named =
    request.identityFile === null ? null : expandPath(request.identityFile, { hostname, user }, machine);
  const defaults = ["id_ed25519", "id_rsa", "id_ecdsa"].map((name) => path.join(folder, name));
  return {
    alias: request.alias,
    hostname,
    port: request.port ?? 22,
    user,
    identityFiles: named === null ? defaults : [named],
    namedIdentityFile: named,
    identitiesOnly: false,
    identityAgent: identityAgent(undefined, (file) => file, machine),
    certificateFiles: [],
    proxyJump: null,
    proxyCommand: null,
    hostKeyAlias: null,
    userKnownHostsFiles: [path.join(folder, "known_hosts")],
    globalKnownHostsFiles: machine.platform === "win32" ? [] : ["/etc/ssh/ssh_known_hosts"],
    connectTimeoutMs: null,
  };
}

function linesByKey(output: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const line of output.split(/\r?\n/)) {
    const space = line.indexOf(" ");
    if (space <= 0) continue;
    const key = line.slice(0, space).toLowerCase();
    values.set(key, [...(values.get(key) ?? []), line.slice(space + 1).trim()]);
  }
  return values;
}

/** `ssh -G` leaves `~` and the tokens of IdentityFile as they are (ssh_config(5), TOKENS). */
function expandPath(file: string, host: { hostname: string; user: string }, machine: Machine): string {
  const unquoted = file.replace(/^"(.*)"$/, "$1");
  const homed = /^~(?=$|[/\\])/.test(unquoted) ? machine.home + unquoted.slice(1) : unquoted;
  const tokens: Record<string, string> = {
    "%%": "%",
    "%d": machine.home,
    "%h": host.hostname,
    "%r": host.user,
    "%u": machine.userName,
  };
  return homed.replace(/%[%dhru]/g, (token) => tokens[token] ?? token);
}

function identityAgent(
  value: string | undefined,
  expand: (file: string) => string,
  machine: Machine,
): string | null {
  if (value?.toLowerCase() === "none") return null;
  const fallback = machine.platform === "win32" ? "\\\\.\\pipe\\openssh-ssh-agent" : null;
  if (value === undefined || value === "SSH_AUTH_SOCK") return machine.env["SSH_AUTH_SOCK"] || fallback;
  if (value.startsWith("$")) return machine.env[value.slice(1).replace(/^\{(.*)\}$/, "$1")] || null;
  return expand(value);
}

function secondsToMs(value: string | null): number | null {
  const seconds = Number(value);
  return value === null || !Number.isFinite(seconds) || seconds <= 0 ? null : seconds * 1000;
}
