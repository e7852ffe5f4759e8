import { Refusal } from "../../protocol/problem.ts";
import type { RunTool } from "./runTool.ts";
import {
  defaultSshSettings,
  parseSshSettings,
  type Machine,
  type SshRequest,
  type SshSettings,
} from "./sshSettings.ts";

export interface ResolveNeeds {
  runTool: RunTool;
  machine: Machine;
  /** Configuration file to use instead of the user's (`ssh -F`). */
  configFile?: string | undefined;
}

const limitMs = 10_000;

/**
 * The settings of a host as OpenSSH itself resolves them (`ssh -G`: Include, Match, tokens and defaults applied).
 * Without OpenSSH on this machine: the record's own words and OpenSSH's defaults. Refusal `ssh-config-invalid`.
 */
export async function resolveSsh(request: SshRequest, needs: ResolveNeeds): Promise<SshSettings> {
  const result = await needs.runTool("ssh", sshResolveArgs(request, needs.configFile), limitMs);
  switch (result.kind) {
    case "missing":
      return defaultSshSettings(request, needs.machine);
    case "timed-out":
      throw invalid(request, `it gave no answer within ${limitMs / 1000} s`);
    case "ended":
      if (result.code !== 0) throw invalid(request, reasonOf(result.stderr));
      return parseSshSettings(result.stdout, request, needs.machine);
  }
}

/** The arguments that say to OpenSSH which host is meant, up to and with `--` and the alias. */
export function sshTargetArgs(request: SshRequest, configFile: string | undefined): string[] {
  return [
    ...(configFile === undefined ? [] : ["-F", configFile]),
    ...(request.port === null ? [] : ["-p", String(request.port)]),
    ...(request.user === null ? [] : ["-l", request.user]),
    ...(request.identityFile === null ? [] : ["-i", request.identityFile]),
    "--",
    request.alias,
  ];
}

function sshResolveArgs(request: SshRequest, configFile: string | undefined): string[] {
  return ["-G", ...sshTargetArgs(request, configFile)];
}

function invalid(request: SshRequest, reason: string): Refusal {
  return new Refusal("ssh-config-invalid", { alias: request.alias, reason });
}

function reasonOf(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !line.startsWith("Pseudo-terminal"));
  return lines.slice(0, 2).join("; ") || "it gave no reason";
}
