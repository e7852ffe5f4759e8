import type { HostKeyRules } from "./decideHostKey.ts";
import { linesOfHost } from "./knownHosts.ts";
import { sshTargetArgs } from "./resolveSsh.ts";
import { shellCommand } from "./shellLink.ts";
import type { SshRequest } from "./sshSettings.ts";
import type { SshTiming } from "./sshTiming.ts";

/** The name under which the host stands in the private known_hosts file. */
const alias = "hwledger-host";

/** The private files of one connection by the system's ssh. */
export interface SystemSshFiles {
  controlPath: string;
  knownHosts: string;
  /** The script of KnownHostsCommand. */
  vouchScript: string;
  /** Where that script notes the key it was asked about. */
  seenKey: string;
}

/**
 * Script for KnownHostsCommand (ssh_config(5)): notes the key the host shows, and vouches for it when its fingerprint
 * is the given one. Arguments: file for the note, fingerprint or `-`, then %I %f %t %K %H.
 */
export const vouchScriptText = `[ "$3" = ORDER ] && exit 0
printf '%s\\n' "$6" >"$1"
if [ "$2" = "$4" ]; then printf '%s %s %s\\n' "$7" "$5" "$6"; fi
exit 0
`;

/** The private known_hosts: what the host's rules say, under one name. A pinned or refused host has none but revoked. */
export function privateKnownHosts(rules: HostKeyRules): string {
  return linesOfHost(rules.lines, rules.names)
    .filter((line) => line.marker === "revoked" || (line.marker === null && rules.pinned === null))
    .map((line) => `${line.marker === null ? "" : "@revoked "}${alias} ${line.keyType} ${line.base64}\n`)
    .join("");
}

/** Arguments of the connection that the others go through. It asks nothing and accepts no key but those vouched for. */
export function masterArgs(
  request: SshRequest,
  files: SystemSshFiles,
  options: { vouched: string | null; configFile: string | undefined; timing: SshTiming },
): string[] {
  const { timing } = options;
  const vouched = /^SHA256:[A-Za-z0-9+/]{43}$/.test(options.vouched ?? "") ? options.vouched : null;
  const vouch = `/bin/sh "${files.vouchScript}" "${files.seenKey}" ${vouched ?? "-"} %I %f %t %K %H`;
  const settings: Record<string, string | number> = {
    BatchMode: "yes",
    StrictHostKeyChecking: "yes",
    HostKeyAlias: alias,
    UserKnownHostsFile: files.knownHosts,
    GlobalKnownHostsFile: "/dev/null",
    KnownHostsCommand: vouch,
    VerifyHostKeyDNS: "no",
    UpdateHostKeys: "no",
    CheckHostIP: "no",
    ControlMaster: "yes",
    ControlPath: files.controlPath,
    ControlPersist: "no",
    RemoteCommand: "none",
    RequestTTY: "no",
    PermitLocalCommand: "no",
    ClearAllForwardings: "yes",
    ForwardAgent: "no",
    ForwardX11: "no",
    ConnectTimeout: Math.ceil(timing.connectMs / 1000),
    ServerAliveInterval: Math.max(1, Math.ceil(timing.keepaliveIntervalMs / 1000)),
    ServerAliveCountMax: timing.keepaliveCountMax,
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  return [...flags, ...sshTargetArgs(request, options.configFile), shellCommand];
}

/** Arguments of one shell through that connection. Where that is gone it fails: it never connects by itself. */
export function sessionArgs({ controlPath }: SystemSshFiles): string[] {
  const settings = ["BatchMode=yes", "ControlMaster=no", "ProxyCommand=false", "LogLevel=ERROR"];
  const flags = settings.flatMap((setting) => ["-o", setting]);
  return ["-F", "/dev/null", "-S", controlPath, "-T", ...flags, "--", alias, shellCommand];
}
