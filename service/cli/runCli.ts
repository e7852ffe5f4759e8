import { Command, CommanderError } from "commander";
import { problemOf, type Problem } from "../../protocol/problem.ts";
import { programVersion } from "../../protocol/version.ts";
import { backupCommand } from "./commands/backup.ts";
import { caCommands } from "./commands/ca.ts";
import { dispatchCommand } from "./commands/dispatch.ts";
import { downCommand } from "./commands/down.ts";
import { exportCommand } from "./commands/export.ts";
import { hostCommands } from "./commands/host.ts";
import { jobCommands } from "./commands/job.ts";
import { joinCommand } from "./commands/join.ts";
import { ledgerCommands } from "./commands/ledger.ts";
import { logsCommand } from "./commands/logs.ts";
import { renewCommand } from "./commands/renew.ts";
import { restoreCommand } from "./commands/restore.ts";
import { statusCommand } from "./commands/status.ts";
import { tokenCommands } from "./commands/token.ts";
import { upCommand } from "./commands/up.ts";
import { userCommands } from "./commands/user.ts";
import { watchCommand } from "./commands/watch.ts";
import { createContext, type Context } from "./context.ts";
import { exitCodes, type ExitCode } from "./exitCodes.ts";
import { failureProblem } from "./failureProblem.ts";
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
  downCommand,
  statusCommand,
  tokenCommands,
  userCommands,
  caCommands,
  joinCommand,
  renewCommand,
  exportCommand,
  hostCommands,
  dispatchCommand,
  jobCommands,
  logsCommand,
  ledgerCommands,
  watchCommand,
  backupCommand,
  restoreCommand,
];

/** Runs the command line with these arguments (without node and program). Resolves to the exit code; never rejects. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { json, args } = takeJson(argv);
  const context = createContext(terminal, json);
  const help: string[] = [];
  let exitCode = 0;
  let failureCode: ExitCode | null = null;
  const program = newProgram(context, help);
  const run: RunAction =
    (action, onFailure) =>
    async (...given) => {
      failureCode = onFailure ?? null;
      exitCode = (await action(...given)) ?? 0;
    };
  for (const register of registers) register(program, context, run);
  try {
    if (args.length === 0) program.help();
    await program.parseAsync([...args], { from: "user" });
    await context.tend();
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && (error.exitCode === 0 || error.code === "commander.help"))
      return await tellHelp(error, help.join(""), context);
    const debug = (terminal.env["HWLEDGER_DEBUG"] ?? "") !== "";
    const problem = failureProblem(error, { command: commandName(program, args), debug });
    const told = await tell(problem, context, failureCode);
    if (!isCutOff(problem)) await context.tend();
    return told;
  } finally {
    context.close();
  }
}

/** The program without commands. What commander has to say as help goes into `help`. */
function newProgram(context: Context, help: string[]): Command {
  const { stdout } = context.terminal;
  const program = new Command("hwledger")
    .description("Run files on the GPU machines of your fleet, watch them and prove what ran.")
    .version(programVersion)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void help.push(text),
      // Only a group without its command; errors are ours to tell.
      writeErr(text) {
        if (text.startsWith("Usage:")) help.push(text);
      },
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stdout.columns ?? 80,
    })
    .addHelpText(
      "after",
      `
Every command takes --json: one JSON document on stdout (streams: one per line).
HWLEDGER_HOME says which fleet; now ${context.home}.
Exit codes: 0 done, 2 usage, 3 service not reachable, 4 refused, 5 verification failed;
dispatch --follow ends with the job's own code, and 255 for a failure of ours.

Begin with:
  hwledger up                                      start a fleet on this machine
  hwledger host add box ada@192.0.2.7 --rate 0.40  add a machine
  hwledger dispatch train.py --host box --follow -- --epochs 3`,
    );
  program.helpCommand(true);
  return program;
}

/** The command that the arguments name, as far as they name one: `hwledger host add`. */
function commandName(program: Command, args: readonly string[]): string {
  const names = [program.name()];
  let command = program;
  for (const arg of args) {
    const next = command.commands.find((one) => one.name() === arg);
    if (next === undefined) break;
    names.push(arg);
    command = next;
  }
  return names.join(" ");
}

/** Help that was asked for; a group without its command is a usage problem that is told by its help. */
async function tellHelp(error: CommanderError, help: string, context: Context): Promise<number> {
  if (error.exitCode === 0) {
    const document = error.code === "commander.version" ? { version: programVersion } : { help };
    await context.print(context.json ? `${JSON.stringify(document)}\n` : help);
    return exitCodes.done;
  }
  const usage = help.split("\n", 1)[0] ?? "";
  const problem = problemOf("usage", { reason: `The command goes on: ${usage.replace(/^Usage: /, "")}` });
  if (context.json) await context.print(`${JSON.stringify({ problem })}\n`);
  else context.note(help.trimEnd());
  return exitCodes.usage;
}

/** `--json` may stand anywhere before `--`. */
function takeJson(argv: readonly string[]): { json: boolean; args: string[] } {
  const end = argv.indexOf("--");
  const ours = end < 0 ? [...argv] : argv.slice(0, end);
  const rest = end < 0 ? [] : argv.slice(end);
  return { json: ours.includes("--json"), args: [...ours.filter((arg) => arg !== "--json"), ...rest] };
}

/** Says what went wrong, on stdout with --json (one line, so that it fits into a stream), else on stderr. Returns the exit code. */
async function tell(problem: Problem, context: Context, failureCode: ExitCode | null): Promise<number> {
  if (context.json) await context.print(`${JSON.stringify({ problem })}\n`);
  else context.note(problemText(problem, context.err));
  const code = exitCodeOf(problem);
  return failureCode !== null && code !== exitCodes.usage ? failureCode : code;
}

/** Whether the service could not be asked, or does not take the certificate: then there is no use in asking for another. */
function isCutOff(problem: Problem): boolean {
  return exitCodeOf(problem) === exitCodes.unreachable || problem.status === 401;
}

function exitCodeOf(problem: Problem): ExitCode {
  switch (problem.code) {
    case "usage":
    case "node-too-old":
      return exitCodes.usage;
    case "not-joined":
    case "service-unreachable":
    case "dispatch-unanswered":
    case "upload-interrupted":
    case "service-untrusted":
      return exitCodes.unreachable;
    case "backup-unsound":
    case "backup-damaged":
      return exitCodes.verificationFailed;
    default:
      return exitCodes.refused;
  }
}
