import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Refusal } from "../../protocol/problem.ts";
import type { AskPerson } from "./askPerson.ts";
import { awaitMark } from "./awaitMark.ts";
import type { HostKeyRules } from "./decideHostKey.ts";
import { hostKeyRules, judgeHostKey, type KeyMemory, type KeyOwner } from "./hostKeyRules.ts";
import { addressOf, unreachable } from "./reachProblem.ts";
import { createSystemLink } from "./createSystemLink.ts";
import type { ShellLink } from "./shellLink.ts";
import type { Machine, SshRequest } from "./sshSettings.ts";
import type { SshTiming } from "./sshTiming.ts";
import { masterArgs, privateKnownHosts, vouchScriptText, type SystemSshFiles } from "./systemSshArgs.ts";

export interface SystemSshNeeds extends KeyMemory {
  machine: Machine;
  timing: SshTiming;
  now: () => number;
  configFile?: string | undefined;
}

export interface SystemSshOptions {
  ask: AskPerson;
  signal: AbortSignal;
  /** What ssh2 could not do. */
  what: string;
}

/**
 * A connection by the system's `ssh` (ControlMaster), for what ssh2 cannot do. The host's key is judged by the same
 * rules. Refusals as of connectSsh; `ssh-unsupported` where there is no such `ssh`.
 */
export async function systemSsh(
  owner: KeyOwner,
  request: SshRequest,
  options: SystemSshOptions,
  needs: SystemSshNeeds,
): Promise<ShellLink> {
  const { name: host, settings } = owner;
  if (needs.machine.platform === "win32") throw unsupported(host, options.what, "Reach it without that.");
  if (settings.proxyJump !== null) {
    throw unsupported(host, `${options.what} together with a jump host`, "Reach it without a jump host.");
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "hwl-"));
  try {
    const files = filesIn(folder);
    const rules = await hostKeyRules(owner, needs);
    await writeFile(files.vouchScript, vouchScriptText, { mode: 0o600 });
    await writeFile(files.knownHosts, privateKnownHosts(rules), { mode: 0o600 });
    const master = await connectMaster(owner, request, rules, files, options, needs);
    const link = createSystemLink(master, files, { host, address: addressOf(settings) }, needs);
    link.onLost(() => void rm(folder, { recursive: true, force: true }).catch(() => {}));
    return link;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Connects; where the host's key is what stopped it and a person accepts that key, connects again. */
async function connectMaster(
  owner: KeyOwner,
  request: SshRequest,
  rules: HostKeyRules,
  files: SystemSshFiles,
  options: SystemSshOptions,
  needs: SystemSshNeeds,
): Promise<ChildProcessWithoutNullStreams> {
  let vouched = rules.pinned ?? rules.accepted;
  for (;;) {
    const args = masterArgs(request, files, { vouched, configFile: needs.configFile, timing: needs.timing });
    const outcome = await startMaster(args, owner.name, options, needs);
    if (outcome.kind === "up") return outcome.master;
    const shown = Buffer.from(await readFile(files.seenKey, "utf8").catch(() => ""), "base64");
    if (shown.length > 0) {
      const judgement = await judgeHostKey(shown, owner, rules, options.ask, needs);
      if (judgement.kind !== "accepted") throw judgement.refusal;
      if (vouched !== judgement.fingerprint && needs.accepted.get(owner.id) === judgement.fingerprint) {
        vouched = judgement.fingerprint;
        continue;
      }
    }
    throw problemOfStderr(outcome.stderr, owner);
  }
}

type MasterOutcome =
  { kind: "up"; master: ChildProcessWithoutNullStreams } | { kind: "failed"; stderr: string };

/** Starts the connection and waits until its own shell answers: its stdin holds it open as long as this process lives. */
async function startMaster(
  args: string[],
  host: string,
  { signal, what }: SystemSshOptions,
  { machine, timing }: SystemSshNeeds,
): Promise<MasterOutcome> {
  const master = spawn("ssh", args, { env: machine.env, detached: true });
  master.stdin.on("error", () => {});
  let stderr = "";
  master.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-4096);
  });
  const mark = randomBytes(8).toString("hex");
  master.stdin.write(`echo ${mark}\n`);
  const limitMs = timing.connectMs + timing.handshakeMs;
  const result = await awaitMark(master, master.stdout, mark, { limitMs, signal });
  switch (result) {
    case "found":
      master.stdout.resume();
      return { kind: "up", master };
    case "missing":
      throw unsupported(host, what, "Install OpenSSH's client on the service's machine.");
    case "ended":
      return { kind: "failed", stderr };
    case "given-up":
      master.kill("SIGKILL");
      return { kind: "failed", stderr: stderr || "timed out" };
  }
}

function problemOfStderr(stderr: string, { name: host, settings }: KeyOwner): Refusal {
  const address = addressOf(settings);
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== "");
  const denied = lines.find((line) => line.includes("Permission denied"));
  if (denied !== undefined) {
    return new Refusal("host-login-refused", {
      host,
      address,
      user: settings.user,
      tried: "the system's ssh",
    });
  }
  return unreachable({ host, address }, lines.at(-1)?.replace(/\.$/, "") ?? "ssh gave no reason");
}

function unsupported(host: string, what: string, advice: string): Refusal {
  return new Refusal("ssh-unsupported", { host, what, advice });
}

function filesIn(folder: string): SystemSshFiles {
  return {
    controlPath: path.join(folder, "c"),
    knownHosts: path.join(folder, "known_hosts"),
    vouchScript: path.join(folder, "vouch.sh"),
    seenKey: path.join(folder, "seen"),
  };
}
