import { mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { identitySchema, type Identity } from "../protocol/client/identity.ts";
import { Refusal } from "../protocol/problem.ts";

/** Where an agent's things lie on its host. */
export interface AgentHome {
  directory: string;
  /** Its membership, with its private key. */
  identityFile: string;
  /** Of which machine it is. */
  machineFile: string;
  /** Key and request of a join that is under way. */
  pendingFile: string;
  /** On which the running agent tells how it stands. */
  socketFile: string;
  /** What an agent in the background says. */
  logFile: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** `HWLEDGER_AGENT_HOME`, else `~/.hwledger/agent`, beside the jobs of the host. Decides only. */
export function agentHome(env: Env, home = homedir()): AgentHome {
  const directory = resolve(env["HWLEDGER_AGENT_HOME"] || join(home, ".hwledger", "agent"));
  return {
    directory,
    identityFile: join(directory, "identity.json"),
    machineFile: join(directory, "machine"),
    pendingFile: join(directory, "joining.json"),
    socketFile: join(directory, "agent.sock"),
    logFile: join(directory, "agent.log"),
  };
}

/** Makes the folder, for its owner alone. */
export function makeAgentHome({ directory }: AgentHome): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** This machine's id (machine-id(5)); null where it has none, as a Mac and some containers. */
export function machineId(): string | null {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim() || null;
  } catch {
    return null;
  }
}

/**
 * Throws `agent-other-machine` where the membership is of another machine: several may share one home, and two agents of one
 * membership would take each other's place, and each other's jobs.
 */
export function assertOwnMachine({ directory, machineFile }: AgentHome, own = machineId()): void {
  let kept: string;
  try {
    kept = readFileSync(machineFile, "utf8").trim();
  } catch {
    return;
  }
  if (own !== null && kept !== "" && kept !== own)
    throw new Refusal("agent-other-machine", { home: directory });
}

/** The agent's membership; null before it has joined. Throws `not-joined` where the file is damaged. */
export function readAgentIdentity({ identityFile }: AgentHome): Identity | null {
  let text: string;
  try {
    text = readFileSync(identityFile, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return identitySchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Refusal("agent-damaged", { file: identityFile }, { cause });
  }
}
