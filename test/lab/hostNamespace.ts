import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { runCommand, type CommandResult } from "./runCommand.ts";
import { hostPath } from "./hostScripts.ts";

const readyLimitMs = 20_000;
const toolEnv = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

/** Who a process inside a host runs as: the host's root (who mounts and kills) or its login user. */
export type InsideUser = "root" | "login";

/** The login user inside a host. Without root on this machine the uid is that of the person running the lab. */
export interface Login {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** A host's own view of files, processes and hostname; it lives as long as its first process. */
export interface HostNamespace {
  /** Pid, on this machine, of the process that holds the host together. */
  readonly pid: number;
  /** The command line that runs `argv` inside the host. */
  commandInside(argv: readonly string[], as: InsideUser): string[];
  /** Runs a command inside the host and waits for it. */
  run(
    argv: readonly string[],
    as: InsideUser,
    options?: { input?: string; limitMs?: number },
  ): Promise<CommandResult>;
  /** Ends every process of the host at once, like pulling the plug. */
  end(): Promise<void>;
}

/** Starts the first process of a host with `script` (it must print `ready`) in namespaces of its own. */
export async function startHostNamespace(script: string, login: Login): Promise<HostNamespace> {
  const isRoot = process.getuid?.() === 0;
  const flags = [
    "--mount",
    "--uts",
    "--pid",
    "--fork",
    "--kill-child",
    ...(isRoot ? [] : ["--map-root-user"]),
  ];
  const holder = spawn("unshare", [...flags, "--", "/bin/sh", "-c", script], {
    stdio: "pipe",
    env: toolEnv,
    cwd: "/",
  });
  const ended = once(holder, "close");
  await becomesReady(holder, ended);
  unrefChild(holder);
  const pid = holder.pid;
  if (pid === undefined) throw new Error("a process that printed has no pid");
  const enter = [
    "nsenter",
    "--target",
    String(pid),
    "--mount",
    "--uts",
    `--pid=/proc/${pid}/ns/pid_for_children`,
  ];
  const prefixes = isRoot
    ? { root: enter, login: [...enter, "--", ...rootToLogin(login)] }
    : userPrefixes([...enter, "--user", "--preserve-credentials"], login);
  const commandInside = (argv: readonly string[], as: InsideUser) => {
    const prefix = prefixes[as];
    return [...prefix, ...(prefix.includes("--") ? [] : ["--"]), ...argv];
  };
  return {
    pid,
    commandInside,
    run: (argv, as, options = {}) => runCommand(commandInside(argv, as), { ...options, env: toolEnv }),
    async end() {
      refChild(holder);
      holder.stdin.destroy();
      holder.kill("SIGKILL"); // --kill-child: the host's first process, and with it all others, end too
      await ended;
    },
  };
}

/** Lets this process end although the child runs; the host then ends with it. */
export function unrefChild(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket | null)?.unref();
}

/** Takes that back, for who waits until the child and its streams have ended. */
function refChild(child: ChildProcess): void {
  child.ref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket | null)?.ref();
}

function rootToLogin(login: Login): string[] {
  const { uid, gid } = login;
  return [
    "setpriv",
    `--reuid=${uid}`,
    `--regid=${gid}`,
    "--clear-groups",
    "--inh-caps=-all",
    ...loginEnv(login),
  ];
}

/** As root of the user namespace all ids but one are unmapped, so the login gets a namespace mapped back. */
function userPrefixes(enter: string[], login: Login): Record<InsideUser, string[]> {
  const back = ["unshare", "--user", `--map-user=${login.uid}`, `--map-group=${login.gid}`];
  return { root: enter, login: [...enter, "--", ...back, ...loginEnv(login)] };
}

function loginEnv({ name, home }: Login): string[] {
  return [
    "/usr/bin/env",
    "-i",
    `HOME=${home}`,
    `USER=${name}`,
    `LOGNAME=${name}`,
    `PATH=${hostPath}`,
    "LC_ALL=C",
  ];
}

async function becomesReady(holder: ChildProcess, ended: Promise<unknown[]>): Promise<void> {
  let errors = "";
  holder.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  holder.on("error", (error) => (errors += error.message));
  holder.stdin?.on("error", () => undefined);
  const ready = new Promise<"ready">((resolve) => {
    holder.stdout?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("ready")) resolve("ready");
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => (timer = setTimeout(() => resolve("late"), readyLimitMs)));
  const outcome = await Promise.race([
    ready,
    late,
    ended.then(
      () => "ended" as const,
      () => "ended" as const,
    ),
  ]);
  clearTimeout(timer);
  if (outcome === "ready") return;
  holder.kill("SIGKILL");
  throw new Error(
    `cannot make a namespace for a lab host (${outcome}): ${errors.trim()}\n` +
      "The lab needs root, or an account that may create user namespaces (unshare --map-root-user).",
  );
}
