import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, userInfo } from "node:os";
import { basename, join } from "node:path";
import { isSea } from "node:sea";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { makeAgentHome, type AgentHome } from "./agentHome.ts";
import { askAgent } from "./agentSocket.ts";
import { launchdLabel, launchdPlist, systemdUnit, unitName, type AgentCommand } from "./serviceUnits.ts";

/** How an agent was made to run, and what its owner should know. */
export interface Installed {
  by: "systemd" | "systemd --user" | "launchd" | "background";
  /** The file that says so; null where there is none. */
  file: string | null;
  notes: string[];
}

type Env = Readonly<Record<string, string | undefined>>;
const run = promisify(execFile);
const toolLimitMs = 30_000;

/** Makes the agent start by itself: by systemd or launchd; where there is neither, it is started in the background. */
export async function installAgent(home: AgentHome, env: Env): Promise<Installed> {
  const command = commandOf(home, env);
  const manager = await managerOf(env);
  await stopRunning(home);
  switch (manager) {
    case "launchd":
      return installLaunchd(home, command);
    case "systemd":
    case "systemd --user":
      return installSystemd(command, manager, env);
    case "background":
      return startInBackground(home, command);
  }
}

/** Takes back what `installAgent` has made, and ends the agent. Its membership stays. */
export async function uninstallAgent(home: AgentHome, env: Env): Promise<string[]> {
  const removed: string[] = [];
  const userFlag = isRoot() ? [] : ["--user"];
  const unit = unitFile(isRoot() ? "systemd" : "systemd --user", env);
  if (existsSync(unit)) {
    await tool("systemctl", [...userFlag, "disable", "--now", unitName]).catch(() => undefined);
    rmSync(unit, { force: true });
    await tool("systemctl", [...userFlag, "daemon-reload"]).catch(() => undefined);
    removed.push(unit);
  }
  if (existsSync(plistFile())) {
    for (const domain of ["gui", "user"])
      await tool("launchctl", ["bootout", `${domain}/${userInfo().uid}/${launchdLabel}`]).catch(
        () => undefined,
      );
    rmSync(plistFile(), { force: true });
    removed.push(plistFile());
  }
  await stopRunning(home);
  return removed;
}

/** The program as it will be started: a copy in the agent's own folder, which nobody moves away by chance. */
function commandOf(home: AgentHome, env: Env): AgentCommand {
  makeAgentHome(home);
  const program = isSea() ? process.execPath : (process.argv[1] ?? "");
  const kept = join(home.directory, isSea() ? "hwledger-agent" : "hwledger-agent.cjs");
  if (program !== kept) {
    copyFileSync(program, `${kept}.new`);
    chmodSync(`${kept}.new`, 0o700);
    renameSync(`${kept}.new`, kept);
  }
  const argv = isSea() ? [kept, "run"] : [process.execPath, kept, "run"];
  // GPU tools lie where this login finds them; systemd and launchd have a PATH of their own.
  const environment = { PATH: env["PATH"] ?? "/usr/bin:/bin", HOME: env["HOME"] ?? homedir() };
  if (!env["HWLEDGER_AGENT_HOME"]) return { argv, env: environment };
  return { argv, env: { ...environment, HWLEDGER_AGENT_HOME: home.directory } };
}

async function managerOf(env: Env): Promise<Installed["by"]> {
  if (process.platform === "darwin") return "launchd";
  if (isRoot()) return existsSync("/run/systemd/system") ? "systemd" : "background";
  const hasUserManager = await tool("systemctl", ["--user", "show-environment"], env).then(
    () => true,
    () => false,
  );
  return hasUserManager ? "systemd --user" : "background";
}

async function installSystemd(
  command: AgentCommand,
  by: "systemd" | "systemd --user",
  env: Env,
): Promise<Installed> {
  const file = unitFile(by, env);
  const flags = by === "systemd" ? [] : ["--user"];
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, systemdUnit(command, by === "systemd" ? "multi-user.target" : "default.target"), {
    mode: 0o644,
  });
  await tool("systemctl", [...flags, "daemon-reload"], env);
  await tool("systemctl", [...flags, "enable", unitName], env);
  await tool("systemctl", [...flags, "restart", unitName], env);
  const { username } = userInfo();
  const lingers =
    by === "systemd" ||
    (await tool("loginctl", ["enable-linger", username], env).then(
      () => true,
      () => false,
    ));
  const notes = lingers
    ? []
    : [
        `It, and the jobs it has started, end when you log out; \`sudo loginctl enable-linger ${username}\` lets it run on.`,
      ];
  return { by, file, notes };
}

async function installLaunchd(home: AgentHome, command: AgentCommand): Promise<Installed> {
  const file = plistFile();
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, launchdPlist(command, home.logFile), { mode: 0o644 });
  // A login over SSH alone has no desktop: its domain is that of the user.
  const domains = [`gui/${userInfo().uid}`, `user/${userInfo().uid}`];
  for (const domain of domains)
    await tool("launchctl", ["bootout", `${domain}/${launchdLabel}`]).catch(() => undefined);
  const [desktop = "", user = ""] = domains;
  try {
    await tool("launchctl", ["bootstrap", desktop, file]);
    return { by: "launchd", file, notes: [] };
  } catch {
    await tool("launchctl", ["bootstrap", user, file]);
    return { by: "launchd", file, notes: ["It starts again with the next login on the machine."] };
  }
}

async function startInBackground(home: AgentHome, { argv, env }: AgentCommand): Promise<Installed> {
  const [program = "", ...args] = argv;
  const log = openSync(home.logFile, "a", 0o600);
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, ...env },
    cwd: homedir(),
  });
  child.on("error", () => undefined);
  child.unref();
  for (let tries = 0; tries < 100 && (await askAgent(home, "status")) === null; tries++) await delay(100);
  if ((await askAgent(home, "status")) === null)
    throw new Error(`it does not come up; ${home.logFile} says why`);
  const line = `@reboot ${argv.map((word) => `'${word.replace(/'/g, "'\\''")}'`).join(" ")}`;
  const notes = [
    `There is neither systemd nor launchd for this login: after a restart of the machine it must be started again, as by this line of \`crontab -e\`: ${line}`,
  ];
  return { by: "background", file: null, notes };
}

/** Ends the agent of this home that runs, whoever has started it, and waits a moment until it is gone. */
async function stopRunning(home: AgentHome): Promise<void> {
  if ((await askAgent(home, "stop")) === null) return;
  for (let tries = 0; tries < 100 && (await askAgent(home, "status")) !== null; tries++) await delay(100);
}

function unitFile(by: "systemd" | "systemd --user", env: Env): string {
  if (by === "systemd") return join("/etc/systemd/system", unitName);
  const config = env["XDG_CONFIG_HOME"]?.startsWith("/")
    ? env["XDG_CONFIG_HOME"]
    : join(homedir(), ".config");
  return join(config, "systemd", "user", unitName);
}

function plistFile(): string {
  return join(homedir(), "Library", "LaunchAgents", `${launchdLabel}.plist`);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Runs a tool of the system. Rejects with what it said. */
async function tool(name: string, args: readonly string[], env: Env = process.env): Promise<void> {
  try {
    await run(name, args, { timeout: toolLimitMs, env });
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim().split("\n").at(-1);
    throw new Error(`${basename(name)} ${args.join(" ")}: ${said || (cause as Error).message}`, { cause });
  }
}
