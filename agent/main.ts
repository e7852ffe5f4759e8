import { rmSync } from "node:fs";
import { homedir } from "node:os";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { joinKept } from "../protocol/client/joinKept.ts";
import { writePrivateFile } from "../protocol/client/writePrivateFile.ts";
import { problemOfError, Refusal, RemoteProblem } from "../protocol/problem.ts";
import { createLocalShells } from "../protocol/shells/createLocalShells.ts";
import { programVersion } from "../protocol/version.ts";
import { agentHome, assertOwnMachine, machineId, makeAgentHome, readAgentIdentity } from "./agentHome.ts";
import { requestName } from "./agentSession.ts";
import { answerOnSocket, askAgent } from "./agentSocket.ts";
import { installAgent, uninstallAgent } from "./installAgent.ts";
import { runAgent, type AgentState } from "./runAgent.ts";

const usage = `hwledger-agent ${programVersion}: reports this machine to its fleet, and runs the fleet's jobs on it.

  hwledger-agent join [LINK]   join the fleet; without LINK it is read from the standard input
  hwledger-agent install       start it now and whenever the machine starts
  hwledger-agent run           run it in this terminal
  hwledger-agent status        how the agent that runs stands (--json)
  hwledger-agent uninstall     end it, and start it no more; its membership stays
  hwledger-agent leave         the same, and forget its membership

Get a link with \`hwledger token create --agent HOST\`, after \`hwledger host add HOST --agent\`.
HWLEDGER_AGENT_HOME says where its things lie; default: ~/.hwledger/agent.
Exit codes: 0 done, 1 failed, 2 usage, 3 not running.
`;

const home = agentHome(process.env);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function join(given: string | undefined): Promise<number> {
  makeAgentHome(home);
  assertOwnMachine(home);
  const link = given ?? (await firstLine());
  const identity = await joinKept(link, {
    pendingFile: home.pendingFile,
    name: requestName(),
    as: "agent",
    kept: readAgentIdentity(home),
    keep(kept) {
      writePrivateFile(home.machineFile, machineId() ?? "");
      writePrivateFile(home.identityFile, JSON.stringify(kept));
    },
  });
  say(`Joined the fleet at ${identity.url}.\nNext: hwledger-agent install`);
  return 0;
}

async function firstLine(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write("Join link: ");
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) if (line.trim() !== "") return line.trim();
  } finally {
    lines.close();
  }
  throw new Refusal("usage", { reason: "Name the link, or write it to the standard input." });
}

async function run(): Promise<number> {
  const log = (line: string): void => say(`${new Date().toISOString()} ${line}`);
  if (readAgentIdentity(home) === null) throw new Refusal("agent-not-joined", { home: home.directory });
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let agent: ReturnType<typeof runAgent> | null = null;
  const server = await answerOnSocket(home, (question) => {
    if (question === "stop") end();
    return JSON.stringify({ pid: process.pid, version: programVersion, ...agent?.state });
  });
  const machine = { home: homedir(), platform: process.platform, env: process.env };
  const shells = createLocalShells({ machine });
  agent = runAgent({ home, shells, now: Date.now, random: Math.random, log });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  await ended;
  server.close();
  await agent.stop();
  log("ended");
  return 0;
}

async function status(json: boolean): Promise<number> {
  const answer = await askAgent(home, "status");
  if (json) say(answer || JSON.stringify({ running: answer !== null }));
  else if (answer === null) say("It does not run. `hwledger-agent install` starts it.");
  else if (answer === "") say("It runs, but does not answer just now.");
  else say(stateText(JSON.parse(answer) as AgentState & { pid: number }));
  return answer === null ? 3 : 0;
}

function stateText({
  pid,
  host,
  url,
  connected,
  sinceMs,
  reason,
  held,
  cadenceMs,
  notAfterMs,
}: AgentState & { pid: number }): string {
  const since = new Date(sinceMs).toISOString();
  const how = connected
    ? `connected to ${url} as the agent of ${host ?? "?"} since ${since}`
    : `not connected to ${url} since ${since}: ${reason ?? "it is connecting"}`;
  const reads =
    cadenceMs === null ? "The machine is left alone." : `The machine is read each ${cadenceMs / 1_000} s.`;
  return [
    `It runs (process ${pid}) and is ${how}.`,
    `${reads} Readings that wait to be taken: ${held}.`,
    `Its certificate is good until ${new Date(notAfterMs).toISOString()} and is renewed before.`,
  ].join("\n");
}

async function install(): Promise<number> {
  if (readAgentIdentity(home) === null) throw new Refusal("agent-not-joined", { home: home.directory });
  const { by, file, notes } = await installAgent(home, process.env);
  say(
    [
      by === "background" ? "It runs in the background." : `It runs, started by ${by} (${file}).`,
      ...notes,
    ].join("\n"),
  );
  return 0;
}

async function uninstall(): Promise<number> {
  const removed = await uninstallAgent(home, process.env);
  say(["It does not run any more.", ...removed.map((file) => `Removed ${file}.`)].join("\n"));
  return 0;
}

/** Also of what is damaged, or was made on another machine. */
async function leave(): Promise<number> {
  await uninstallAgent(home, process.env);
  for (const file of [home.identityFile, home.machineFile, home.pendingFile]) rmSync(file, { force: true });
  say(
    "It does not run any more, and its membership is gone. In the fleet it is ended by `hwledger user revoke` or `hwledger host rm`.",
  );
  return 0;
}

async function main(): Promise<number> {
  if (Number(process.versions.node.split(".")[0]) < 22) {
    process.stderr.write(`hwledger-agent needs Node.js 22 or newer; this is ${process.version}.\n`);
    return 2;
  }
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      version: { type: "boolean" },
      json: { type: "boolean" },
    },
  });
  const [command, argument, more] = positionals;
  if (values.version === true) return (say(programVersion), 0);
  if (values.help === true) return (process.stdout.write(usage), 0);
  if (more !== undefined || (argument !== undefined && command !== "join"))
    return (process.stderr.write(usage), 2);
  const commands: Readonly<Record<string, () => Promise<number>>> = {
    join: () => join(argument),
    run,
    status: () => status(values.json === true),
    install,
    uninstall,
    leave,
  };
  const chosen = command === undefined ? undefined : commands[command];
  return chosen === undefined ? (process.stderr.write(usage), 2) : chosen();
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${failureText(error)}\n`);
    const isUsage = error instanceof Refusal ? error.code === "usage" : /^ERR_PARSE_ARGS/.test(codeOf(error));
    process.exit(isUsage ? 2 : 1);
  },
);

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

function failureText(error: unknown): string {
  if (!(error instanceof Refusal || error instanceof RemoteProblem)) return (error as Error).message;
  const { title, detail, next } = problemOfError(error);
  return `${title}. ${detail}\n${next}`;
}
