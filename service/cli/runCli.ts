import { Command, CommanderError } from "commander";
import { problemOf, Refusal, RemoteProblem, type Problem } from "../../protocol/problem.ts";
import { programVersion } from "../../protocol/version.ts";
import { dispatchCommand } from "./commands/dispatch.ts";
import { hostCommands } from "./commands/host.ts";
import { jobCommands } from "./commands/job.ts";
import { joinCommand } from "./commands/join.ts";
import { ledgerCommands } from "./commands/ledger.ts";
import { logsCommand } from "./commands/logs.ts";
import { statusCommand } from "./commands/status.ts";
import { tokenCommands } from "./commands/token.ts";
import { upCommand } from "./commands/up.ts";
import { watchCommand } from "./commands/watch.ts";
import { createContext, type Context } from "./context.ts";
import { exitCodes, type ExitCode } from "./exitCodes.ts";
import { problemText } from "./render/problemText.ts";
import type { Terminal } from "./terminal.ts";

/** A command's own exit code where it is not 0. */
export type CommandResult = Promise<number | undefined>;

/** Adds commands; `run` wraps an action so that its exit code is kept. */
export type Register = (program: Command, context: Context, run: RunAction) => void;

/** Runs a command's action and keeps the exit code it resolves to. */
export type RunAction = <A extends unknown[]>(
  action: (...args: A) => CommandResult,
  onFailure?: ExitCode,
) => (...args: A) => Promise<void>;

const registers: Register[] = [
  upCommand,
  statusCommand,
  tokenCommands,
  joinCommand,
  hostCommands,
  dispatchCommand,
  jobCommands,
  logsCommand,
  ledgerCommands,
  watchCommand,
];

/** Runs the command line with these arguments (without node and program). Resolves to the exit code; never rejects. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { json, args } = takeJson(argv);
  const context = createContext(terminal, json);
  let exitCode = 0;
  let failureCode: ExitCode | null = null;
  const program = newProgram(context);
  const run: RunAction =
    (action, onFailure) =>
    async (...given) => {
      failureCode = onFailure ?? null;
      exitCode = (await action(...given)) ?? 0;
    };
  for (const register of registers) register(program, context, run);
  program.commands.forEach(styleHelp);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    return await tell(error, context, failureCode);
  } finally {
    context.close();
  }
}

function newProgram(context: Context): Command {
  const { terminal } = context;
  const program = new Command("hwledger")
    .description("Run files on the GPU machines of your fleet, watch them and prove what ran.")
    .version(programVersion)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: () => undefined,
    })
    .addHelpText(
      "after",
      `
Every command takes --json: one JSON document on stdout (streams: one per line).
HWLEDGER_HOME says which fleet; now ${context.home}.
Exit codes: 0 done, 2 usage, 3 service not reachable, 4 refused, 5 verification failed;
dispatch --follow ends with the job's own code, and 255 for a failure of ours.

Begin with:
  hwledger up                                   start a fleet on this machine
  hwledger host add box ada@192.0.2.7 --rate 0.4   add a machine
  hwledger dispatch train.py --host box --follow -- --epochs 3`,
    );
  program.helpCommand(true);
  return program;
}

function styleHelp(command: Command): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void process.stdout.write(text),
    writeErr: () => undefined,
  });
  command.commands.forEach(styleHelp);
}

/** `--json` may stand anywhere before `--`. */
function takeJson(argv: readonly string[]): { json: boolean; args: string[] } {
  const end = argv.indexOf("--");
  const ours = end < 0 ? [...argv] : argv.slice(0, end);
  const rest = end < 0 ? [] : argv.slice(end);
  return { json: ours.includes("--json"), args: [...ours.filter((arg) => arg !== "--json"), ...rest] };
}

/** Says what went wrong, on stdout as a document with --json, else on stderr. Returns the exit code. */
async function tell(error: unknown, context: Context, failureCode: ExitCode | null): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const problem = problemFrom(error);
  if (context.json) await context.print(`${JSON.stringify({ problem }, null, 2)}\n`);
  else context.note(problemText(problem, context.err));
  const code = exitCodeOf(problem);
  return failureCode !== null && code !== exitCodes.usage ? failureCode : code;
}

function problemFrom(error: unknown): Problem {
  if (error instanceof RemoteProblem) return error.problem;
  if (error instanceof Refusal) return problemOf(error.code, error.facts);
  if (error instanceof CommanderError)
    return problemOf("usage", { reason: error.message.replace(/^error: /, "").replace(/\n+/g, " ") });
  const reference = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { ...problemOf("internal", { reference: "-" }), title: "hwledger failed", detail: reference };
}

function exitCodeOf(problem: Problem): ExitCode {
  switch (problem.code) {
    case "usage":
    case "node-too-old":
      return exitCodes.usage;
    case "not-joined":
    case "service-unreachable":
    case "service-untrusted":
      return exitCodes.unreachable;
    default:
      return exitCodes.refused;
  }
}
