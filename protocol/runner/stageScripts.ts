import { followLog } from "./followScript.ts";
import { pipes, runnerScript, workFolder } from "./runnerPrelude.ts";
import { detach, findDetacher, hasQuickTail, look } from "./startScript.ts";
import { untar, unpackFailed } from "./unpackScript.ts";

/** What belongs to one stage: a job's folder made before there is a job, and the two shells that wait at it. */
export interface StageContext {
  /** The stage's own: its folder is named by it. Letters and digits. */
  stage: string;
  nonce: string;
}

/** The folder of a stage, beside those of the jobs. It becomes a job's by a rename. */
export const stageFolder = (stage: string): string => `.ahead-${stage}`;
/** In that folder: the place of the exit record. */
export const stageRun = (stage: string): string => `run.${stage}`;

/**
 * Makes a job's folder for a job to come, reports `staged`, and waits for the archive as `unpackScript` does. A folder
 * that no job took is removed when nothing comes, or at a failure; what a host that went down has left, a day later.
 */
export function stageUnpackScript({ stage, nonce }: StageContext): string {
  return runnerScript(
    { folder: stageFolder(stage), nonce },
    `${drop}
h_text=$({ umask 077; mkdir -p "$h_dir/${workFolder}" && cd "$h_dir" && mkfifo ${pipes} plan && printf '' >${stageRun(stage)}; } 2>&1)
h_code=$?
cd "$h_dir/${workFolder}" 2>/dev/null && [ "$h_code" = 0 ] || { ${unpackFailed}; cd /; h_drop; exit 0; }
find "$h_jobs" -maxdepth 1 -name '${stageFolder("*")}' -mtime +0 -exec rm -rf {} + 2>/dev/null
say staged
h_text=$({ umask 077; ${untar}; } 2>&1)
h_code=$?
cd /
if [ "$h_code" = 0 ]; then say unpacked; exit 0; fi
${unpackFailed}
h_drop`,
  );
}

// Removes the folder if no job has it, and nobody else is about to: the rename decides. Twice, since the other shell may
// just open the pipe `plan` for writing, which makes a file of that name where the pipe is gone already; it does so once.
const drop = `h_stage=$h_dir
h_drop() { mv "$h_stage" "$h_stage.gone" && { rm -rf "$h_stage.gone" || rm -rf "$h_stage.gone"; }; } 2>/dev/null`;

/**
 * Gets ready to start a job to come in the folder of a stage: the log's reader and the supervisor's shell are up, and wait.
 * Reports `staged`; the shell then reads `startStagedScript`. Its end, without that, ends both and removes the folder.
 */
export function standByScript({ stage, nonce }: StageContext): string {
  return runnerScript(
    { folder: stageFolder(stage), nonce },
    `${look}
${findDetacher}
cd "$h_dir" 2>/dev/null && [ -n "$h_mode" ] && { printf '' >>log; } 2>/dev/null || { say gone; exit 0; }
h_tail=
${drop}
trap '[ -z "$h_tail" ] || kill "$h_tail" 2>/dev/null; cd /; h_drop' EXIT
if ${hasQuickTail}; then ${followLog(0, "log")}; fi
command exec 7<>plan 9<>said 8<said || { say gone; exit 0; }
set -- ./plan "$h_mode" "$h_detach"
${detach("7>&-")}
exec 9>&-
say staged`,
    "stay",
  );
}
