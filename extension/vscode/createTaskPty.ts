import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { JobId } from "../../protocol/ids.ts";
import { commandIds } from "../core/commandIds.ts";
import { assertRole } from "../core/commandRoles.ts";
import type { DispatchMemory } from "../core/createDispatchMemory.ts";
import type { Membership } from "../core/createMembership.ts";
import { followSession, type FollowedSession } from "../core/followSession.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { problemText } from "../core/problemText.ts";
import { taskExitCode, type TaskDefinition } from "../core/taskDefinition.ts";
import { words } from "../core/words/words.ts";
import { isCancelled } from "./cancellable.ts";
import { createJobPty, type JobPty } from "./createJobPty.ts";
import { isSentAlone } from "./dispatchCommand.ts";
import { dispatchRequestOf } from "./dispatchRequestOf.ts";
import { rememberSent } from "./rememberSent.ts";
import { scriptOf } from "./scriptToDispatch.ts";
import { problemIn, showProblem } from "./showProblem.ts";

export interface TaskPtyNeeds {
  membership: Membership;
  memory: DispatchMemory;
  definition: TaskDefinition;
  /** The script's path on this machine. */
  file: string;
  /** Ctrl-C while the job runs. */
  requestCancel: (session: FleetSession, jobId: JobId) => void;
  /** Jobs whose end the terminal of a task shows. */
  inTasks: Set<JobId>;
}

/** Of a task that ends with an error earlier, VS Code says that its process failed to launch. */
const launchedMs = 1_500;

/** The terminal of a task: dispatches, shows the log, and ends with the job's exit code. Closing it ends no job. */
export function createTaskPty(needs: TaskPtyNeeds): vscode.Pseudoterminal {
  const { definition, memory, membership } = needs;
  const written = new vscode.EventEmitter<string>();
  const ended = new vscode.EventEmitter<number>();
  const abort = new AbortController();
  let shown: JobPty | null = null;
  let followed: FollowedSession | null = null;
  let taken: JobId | null = null;
  let launched = Promise.resolve();

  async function end(exitCode: number): Promise<void> {
    followed?.stop();
    await launched;
    ended.fire(exitCode);
  }

  async function run(): Promise<void> {
    const session = await membership.ready();
    abort.signal.throwIfAborted();
    if (!session) throw new Error(words.task.noFleet);
    assertRole(session, commandIds.dispatch);
    const current = followSession(
      membership,
      session,
      (next) => shown?.goOn(next),
      () => shown?.rest(),
    );
    followed = current;
    const script = await scriptOf(vscode.Uri.file(needs.file).toString());
    if (!script) throw new Error(words.task.noFile(needs.file));
    const scriptOnly = isSentAlone(memory, script);
    const { args, host } = definition;
    const options = { args, scriptOnly, timeoutMs: null, ...(host === undefined ? {} : { host }) };
    const request = await dispatchRequestOf(script, options);
    written.fire(`${words.task.sending(script.label, host)}\r\n`);
    const job = await dispatchFile(session.client, { ...request, signal: abort.signal });
    needs.inTasks.add(job.id);
    const { root } = await rememberSent(memory, session, job, { script, scriptOnly });
    if (abort.signal.aborted) return void needs.inTasks.delete(job.id);
    taken = job.id;
    shown = createJobPty({
      session: current.session,
      jobId: job.id,
      label: script.label,
      fromByte: 0,
      source: root ?? needs.file,
      onInterrupt: () => needs.requestCancel(current.session, job.id),
      onGone: () => void end(taskExitCode(null)),
      onOver: (over) => void end(taskExitCode(over)),
    });
    shown.onDidWrite((text) => written.fire(text));
    shown.open(undefined);
  }

  return {
    onDidWrite: written.event,
    onDidClose: ended.event,
    open() {
      launched = delay(launchedMs);
      run().catch((error: unknown) => {
        // Its terminal is gone, and a job may run all the same.
        if (abort.signal.aborted) return isCancelled(error) ? undefined : void showProblem(problemIn(error));
        written.fire(`${problemText(problemIn(error))}\r\n`);
        void end(taskExitCode(null));
      });
    },
    close() {
      abort.abort();
      if (taken !== null) needs.inTasks.delete(taken);
      followed?.stop();
      shown?.close();
      written.dispose();
      ended.dispose();
    },
    handleInput: (data) => shown?.handleInput?.(data),
  };
}
