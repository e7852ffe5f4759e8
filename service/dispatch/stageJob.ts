import { standByScript, stageUnpackScript } from "../../protocol/runner/stageScripts.ts";
import type { HostShell, ShellTarget } from "../../protocol/shells/hostShell.ts";
import type { RunnerDeps } from "./dispatchDeps.ts";
import { runScript, type Runner } from "./openRunner.ts";
import { within } from "./within.ts";

/** All that a job needs on its host before there is a job: a folder, what unpacks into it, and what starts there. */
export interface Stage {
  /** Names its folder. */
  id: string;
  /** Unpacks what is sent to it. */
  unpacker: Runner;
  /** Takes `startStagedScript`. */
  starter: Runner;
}

/** Makes a stage of two shells on a host. Rejects, with both closed, where that does not work. */
export async function stageJob(
  deps: Pick<RunnerDeps, "newNonce" | "after" | "limits">,
  [first, second]: readonly [HostShell, HostShell],
  target: ShellTarget,
  onWanted: Promise<void>,
): Promise<Stage> {
  const id = deps.newNonce();
  try {
    const unpacker = await staged(deps, first, target, (nonce) => stageUnpackScript({ stage: id, nonce }));
    const starter = await staged(
      deps,
      second,
      target,
      (nonce) => standByScript({ stage: id, nonce }),
      onWanted,
    );
    return { id, unpacker, starter };
  } catch (error) {
    first.close();
    second.close();
    throw error;
  }
}

async function staged(
  deps: Pick<RunnerDeps, "newNonce" | "after" | "limits">,
  shell: HostShell,
  target: ShellTarget,
  script: (nonce: string) => string,
  wanted?: Promise<void>,
): Promise<Runner> {
  const { after, limits } = deps;
  const nonce = deps.newNonce();
  const options = wanted === undefined ? {} : { wanted };
  const runner = await runScript(deps, shell, target.name, { nonce, text: script(nonce) }, options);
  const late = (): Error => new Error(`nothing was staged on ${target.name}`);
  const report = await within(runner.next(), { after, limitMs: limits.startMs, late });
  if (report.kind !== "staged") throw late();
  return runner;
}
