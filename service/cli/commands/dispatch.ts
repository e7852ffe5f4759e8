import { resolve } from "node:path";
import { Option } from "commander";
import { dispatchFile, type DispatchRequest } from "../../../protocol/client/dispatchFile.ts";
import { skippedFolders } from "../../../protocol/client/listWorkspace.ts";
import { isJobEnded, type JobRecord } from "../../../protocol/job.ts";
import { Refusal, RemoteProblem } from "../../../protocol/problem.ts";
import { attended } from "../answerPrompts.ts";
import type { Context } from "../context.ts";
import { exitCodeOf } from "../exitCodeOf.ts";
import { exitCodes } from "../exitCodes.ts";
import { followJob, leftText } from "../followJob.ts";
import { notStarted } from "../notStarted.ts";
import { durationUpTo, giveUpOption, hostOption } from "../options.ts";
import { jobEndText, startedText } from "../render/jobText.ts";
import { printable } from "../render/table.ts";
import type { Register } from "../runCli.ts";
import { pythonOption } from "./host.ts";

interface DispatchOptions {
  host?: string;
  follow?: boolean;
  scriptOnly?: boolean;
  workspace?: string;
  python?: string;
  venv?: string;
  env?: string[];
  timeout?: number;
  giveUpAfter?: number;
}

/** Longest wait for a job to start when it is not followed, in milliseconds: above the service's own, which says why. */
const startLimitMs = 40_000;

/** `hwledger dispatch FILE` */
export const dispatchCommand: Register = (program, context, run) => {
  const command = program
    .command("dispatch")
    .description("run a file with its workspace on a host")
    .argument("<file>", "script: .py, .sh, .js and others, or anything with a #! line")
    .argument("[args...]", "arguments for it, after --")
    .option("--host <name>", "where to run it; left out: the only online host with a free GPU", hostOption)
    .option("-f, --follow", "show its log and end with its exit code")
    .addOption(new Option("--script-only", "send the file alone").conflicts("workspace"))
    .option("--workspace <dir>", "send this folder (default: the file's git work tree, else its folder)")
    .option("--python <path>", "Python on the host to run it with; quote a '~/…'")
    .option("--venv <dir>", "virtual environment on the host; quote a '~/…'")
    .option(
      "--env <K=V>",
      "environment variable; K alone passes ours on; repeatable",
      (text, all: string[] | undefined) => [...(all ?? []), text],
    )
    .option("--timeout <duration>", "end it after this time, such as 90m or 2h", durationUpTo("365d"))
    .option(...giveUpOption)
    .addHelpText(
      "after",
      `
What is sent: the git work tree less what git ignores; without git the script's folder less
${[...skippedFolders].join(", ")}. At most 256 MiB.

Examples:
  hwledger dispatch train.py --host box --follow -- --epochs 3
  hwledger dispatch run.sh --host box --timeout 2h --env WANDB_MODE=offline
  hwledger dispatch eval.py --host box --venv '~/envs/torch'`,
    );
  const follow = run(
    (file: string, args: string[], options: DispatchOptions) =>
      dispatchAndFollow(context, file, args, options),
    exitCodes.ours,
  );
  const start = run((file: string, args: string[], options: DispatchOptions) =>
    dispatchAndReturn(context, file, args, options),
  );
  command.action((file: string, args: string[], options: DispatchOptions) =>
    (options.follow === true ? follow : start)(file, args, options),
  );
};

async function send(
  context: Context,
  file: string,
  args: string[],
  options: DispatchOptions,
): Promise<JobRecord> {
  const { cwd, env } = context.terminal;
  const request: DispatchRequest = {
    file: resolve(cwd, file),
    args,
    env: environment(options.env ?? [], env),
    timeoutMs: options.timeout ?? null,
    python: pythonOption(options) ?? null,
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.scriptOnly === true ? { workspace: "script" as const } : {}),
    ...(options.workspace === undefined ? {} : { workspace: { directory: resolve(cwd, options.workspace) } }),
  };
  return dispatchFile(context.client(), request);
}

function environment(given: readonly string[], ours: Context["terminal"]["env"]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const text of given) {
    const at = text.indexOf("=");
    const name = at < 0 ? text : text.slice(0, at);
    const value = at < 0 ? ours[name] : text.slice(at + 1);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new Refusal("usage", {
        reason: `${JSON.stringify(name)} is no name of an environment variable.`,
      });
    if (value === undefined)
      throw new Refusal("usage", { reason: `--env ${name}: it is not set here; write ${name}=VALUE.` });
    found[name] = value;
  }
  return found;
}

/** Waits until the job runs, so that a host that is down or lacks the interpreter is told of at once. */
async function dispatchAndReturn(
  context: Context,
  file: string,
  args: string[],
  options: DispatchOptions,
): Promise<undefined> {
  const job = await attended(context, async () => {
    const sent = await send(context, file, args, options);
    return whenStarted(context, sent);
  });
  const problem = notStarted(job);
  if (problem !== null) throw new RemoteProblem(problem);
  await context.show({ jobId: job.id, ...job }, startedText(job));
  return undefined;
}

function whenStarted(context: Context, job: JobRecord): Promise<JobRecord> {
  const hasStarted = (one: JobRecord): boolean => one.state === "running" || isJobEnded(one.state);
  if (hasStarted(job)) return Promise.resolve(job);
  return new Promise((resolve, reject) => {
    let newest = job;
    const stream = context.stream((state) => {
      if (state.kind === "refused") settle(() => reject(state.error));
    });
    const limit = setTimeout(() => settle(() => resolve(newest)), startLimitMs);
    function settle(finish: () => void): void {
      clearTimeout(limit);
      stream.close();
      finish();
    }
    stream.subscribe(`job:${job.id}`, {
      onData(data) {
        if (data.kind !== "job") return;
        newest = data.job;
        if (hasStarted(newest)) settle(() => resolve(newest));
      },
      onProblem: (problem) => settle(() => reject(new RemoteProblem(problem))),
    });
  });
}

async function dispatchAndFollow(
  context: Context,
  file: string,
  args: string[],
  options: DispatchOptions,
): Promise<number> {
  const { err, json } = context;
  const target = json ? context.terminal.stderr : context.terminal.stdout;
  return attended(context, async () => {
    const job = await send(context, file, args, options);
    context.note(err.dim(`${job.id} goes to ${job.host} …`));
    let told = false;
    const end = await followJob(context, job, 0, (bytes) => writeTo(target, bytes), {
      giveUpAfterMs: options.giveUpAfter,
      onState(now) {
        if (told || now.directory === null) return;
        told = true;
        context.note(err.dim(`runs on ${now.host} in ${printable(now.directory)}`));
      },
    });
    if (end.kind === "ended") return finish(context, end.job);
    const again = `hwledger logs ${job.id} --follow --offset ${end.atByte}`;
    context.note(`\n${leftText(end)}\nFollow it:  ${again}\nEnd it:     hwledger cancel ${job.id}`);
    if (json) await context.show(end.job, "");
    return end.kind === "given-up" ? exitCodes.ours : exitCodes.interrupted;
  });
}

async function finish(context: Context, job: JobRecord): Promise<number> {
  const { err } = context;
  const problem = notStarted(job);
  if (problem !== null) throw new RemoteProblem(problem);
  const text = printable(jobEndText(job));
  context.note(job.state === "succeeded" ? err.dim(text) : err.red(text));
  if (context.json) await context.show(job, "");
  return exitCodeOf(job);
}

/** Writes and waits until it is written: a slow reader holds the log back. */
function writeTo(stream: NodeJS.WritableStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
