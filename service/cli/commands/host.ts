import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { pythonOfVenv } from "../../../protocol/launch.ts";
import { Refusal, RemoteProblem } from "../../../protocol/problem.ts";
import { attended } from "../answerPrompts.ts";
import type { Context } from "../context.ts";
import { agentFile } from "../../agents/agentPrograms.ts";
import { formatDuration } from "../../../protocol/duration.ts";
import { hostKeyOption, newHostName } from "../options.ts";
import type { HostAddress } from "../../../protocol/hostAddress.ts";
import { parseAddress, parseRate } from "../parseAddress.ts";
import { hostListText } from "../render/hostListText.ts";
import { hostText } from "../render/hostText.ts";
import type { Register, RunAction } from "../runCli.ts";

/** Longest wait for a host to be reached and asked, in milliseconds; questions to a person count. */
const addLimitMs = 300_000;

interface AddOptions {
  identity?: string;
  hostKey?: string;
  rate?: number;
  python?: string;
  venv?: string;
  unchecked?: boolean;
  agent?: true;
}

interface SetOptions {
  rate?: number | "none";
  python?: string;
  venv?: string;
  probe?: "on" | "off";
}

/** `hwledger host add|set|login|install-agent|ls|show|rm` */
export const hostCommands: Register = (program, context, run) => {
  const host = program.command("host").description("the machines of the fleet");
  addCommand(host, context, run);
  setCommand(host, context, run);
  readCommands(host, context, run);
  host
    .command("login")
    .description("connect to a host now, answering what it asks (passphrase, password, host key)")
    .argument("<name>", "the host")
    .action(
      run(async (name: string) => {
        const call = () =>
          context.client().call("loginHost", { params: { host: name } }, { silenceMs: addLimitMs });
        const record = await attended(context, call);
        await context.show(record, `Connected to ${record.name}.`);
        return undefined;
      }),
    );
  host
    .command("install-agent")
    .description("set the agent up on a host, by SSH, and start it there")
    .argument("<name>", "the host")
    .action(
      run(async (name: string) => {
        const call = () =>
          context.client().call("installAgent", { params: { host: name } }, { silenceMs: addLimitMs });
        const { host: record, said } = await attended(context, call);
        const { now } = context.terminal;
        await context.show({ host: record, said }, `${said}\n\n${hostText(record, now(), context.out)}`);
        return undefined;
      }),
    );
  host
    .command("rm")
    .description("remove a host from the fleet; nothing on it is touched")
    .argument("<name>", "the host")
    .option("--force", "give its active jobs up as lost: for a host that is gone for good")
    .action(
      run(async (name: string, { force }: { force?: true }) => {
        const query = force === true ? { force: "1" as const } : {};
        const removed = await context.client().call("removeHost", { params: { host: name }, query });
        await context.show(removed, `${removed.name} is no longer in the fleet.`);
        return undefined;
      }),
    );
};

function addCommand(host: Command, context: Context, run: RunAction): void {
  host
    .command("add")
    .description("add a machine by SSH: it is connected to, its key checked and a first reading taken")
    .argument("<name>", "what to call it", newHostName)
    .argument(
      "[address]",
      "[user@]address[:port]; left out: the name, as ~/.ssh/config knows it",
      parseAddress,
    )
    .option("--identity <file>", "private key to log in with")
    .option("--host-key <fingerprint>", "the host key you expect, SHA256:…", hostKeyOption)
    .option("--rate <usd>", "what it costs, in dollars per hour", parseRate)
    .option("--python <path>", "Python on the host for .py files")
    .option("--venv <dir>", "virtual environment on the host for .py files")
    .option("--agent", "it is reached by its agent alone, as behind a router that lets nobody in")
    .option("--unchecked", "keep it even when it cannot be reached just now")
    .addHelpText(
      "after",
      `
Examples:
  hwledger host add box ada@192.0.2.7 --rate 0.42
  hwledger host add rig                        (an alias of ~/.ssh/config)
  hwledger host add pod root@198.51.100.4:40022 --identity ~/.ssh/pod --host-key SHA256:…`,
    )
    .action(
      run(async (name: string, address: HostAddress | undefined, options: AddOptions) => {
        const { identity, hostKey, rate, unchecked, agent } = options;
        if (agent === true) return addByAgent(context, name, address, options);
        const python = pythonOption(options);
        const body = {
          name,
          ...address,
          ...(identity === undefined ? {} : { identityFile: resolve(context.terminal.cwd, identity) }),
          ...(hostKey === undefined ? {} : { hostKey }),
          ...(rate === undefined ? {} : { rateMicroUsdPerHour: rate }),
          ...(python === undefined ? {} : { python }),
          ...(unchecked === true ? { unchecked } : {}),
        };
        const call = () => context.client().call("addHost", { body }, { silenceMs: addLimitMs });
        const record = await attended(context, call).catch((error: unknown) => {
          throw notAdded(error, name);
        });
        await context.show(record, `Added.\n\n${hostText(record, context.terminal.now(), context.out)}`);
        return undefined;
      }),
    );
}

/** A host that its own agent will report: it is there at once, and its agent joins by the link. */
async function addByAgent(
  context: Context,
  name: string,
  address: HostAddress | undefined,
  options: AddOptions,
): Promise<undefined> {
  const { identity, hostKey, rate } = options;
  if (address !== undefined || identity !== undefined || hostKey !== undefined)
    throw new Refusal("usage", { reason: "A host with --agent has no address, key file and host key." });
  const python = pythonOption(options);
  const body = {
    name,
    agent: true as const,
    ...(rate === undefined ? {} : { rateMicroUsdPerHour: rate }),
    ...(python === undefined ? {} : { python }),
  };
  const host = await context.client().call("addHost", { body });
  const link = await context.client().call("createToken", { body: { role: "agent", host: name } });
  const left = formatDuration(link.expiresAtMs - context.terminal.now());
  const program = agentFile()?.file ?? "dist/agent/hwledger-agent.cjs of a built project";
  await context.show(
    { host, link },
    `Added. It is read once its agent has joined.

On the machine, with Node.js 22 or newer, after copying there
  ${program}

  node hwledger-agent.cjs join '${link.link}'
  node hwledger-agent.cjs install

The link is valid ${left}, once. Another one: hwledger token create --agent ${name}`,
  );
  return undefined;
}

/** What to do where a host was not added: it is not in the fleet, so other advice than for one that is. */
function notAdded(error: unknown, name: string): unknown {
  if (!(error instanceof RemoteProblem)) return error;
  const { problem } = error;
  const fingerprint = String(problem.facts?.["fingerprint"] ?? "SHA256:…");
  const next: Record<string, string> = {
    "needs-login": `It was not added. Add it in a terminal, where you can answer; or add it with --unchecked and then run \`hwledger host login ${name}\` in a terminal.`,
    "host-key-changed": `It was not added. Ask the machine's owner; if the shown key is right, add it with --host-key ${fingerprint}.`,
  };
  return new RemoteProblem({ ...problem, next: next[problem.code] ?? problem.next });
}

function setCommand(host: Command, context: Context, run: RunAction): void {
  host
    .command("set")
    .description("change a host's rate, interpreter or probing")
    .argument("<name>", "the host")
    .option("--rate <usd>", "dollars per hour; none: unknown", (text) =>
      text === "none" ? text : parseRate(text),
    )
    .option("--python <path>", "Python on the host for .py files; none: found on the host")
    .option("--venv <dir>", "virtual environment on the host for .py files")
    .option("--probe <on|off>", "whether it is read at all", (text) => {
      if (text === "on" || text === "off") return text;
      throw new InvalidArgumentError("It is on or off.");
    })
    .action(
      run(async (name: string, options: SetOptions) => {
        const rate = options.rate === "none" ? null : options.rate;
        const python = options.python === "none" ? null : pythonOption(options);
        const body = {
          ...(rate === undefined ? {} : { rateMicroUsdPerHour: rate }),
          ...(python === undefined ? {} : { python }),
          ...(options.probe === undefined ? {} : { probe: options.probe }),
        };
        if (Object.keys(body).length === 0)
          throw new Refusal("usage", { reason: "Say what to change: --rate, --python, --venv or --probe." });
        const record = await context.client().call("changeHost", { params: { host: name }, body });
        await context.show(record, hostText(record, context.terminal.now(), context.out));
        return undefined;
      }),
    );
}

function readCommands(host: Command, context: Context, run: RunAction): void {
  host
    .command("ls")
    .description("list the hosts with their GPUs")
    .action(
      run(async () => {
        const { hosts } = await context.client().call("listHosts");
        const { stdout, now } = context.terminal;
        const look = stdout.isTTY === true ? { columns: stdout.columns ?? Infinity } : {};
        await context.show(hosts, hostListText(hosts, now(), context.out, look));
        return undefined;
      }),
    );
  host
    .command("show")
    .description("show one host, with the reasons for missing figures")
    .argument("<name>", "the host")
    .action(
      run(async (name: string) => {
        const record = await context.client().call("getHost", { params: { host: name } });
        await context.show(record, hostText(record, context.terminal.now(), context.out));
        return undefined;
      }),
    );
}

/** The interpreter that `--python` or `--venv` names; not both. */
export function pythonOption(options: { python?: string; venv?: string }): string | undefined {
  const { python, venv } = options;
  if (python !== undefined && venv !== undefined)
    throw new Refusal("usage", { reason: "--python and --venv exclude each other." });
  return venv === undefined ? python : pythonOfVenv(venv);
}
