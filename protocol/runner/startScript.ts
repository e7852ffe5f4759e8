import type { JobId } from "../ids.ts";
import type { JobSpec } from "../job.ts";
import { shellQuote } from "../shellQuote.ts";
import { followBody, followLog } from "./followScript.ts";
import { isTimeout, pipes, runnerScript, workFolder, type RunnerContext } from "./runnerPrelude.ts";
import { placeOf, supervisorScript } from "./supervisorScript.ts";

/** What to start. */
export interface StartOptions extends RunnerContext {
  spec: JobSpec;
  /** Between TERM and KILL, at the time limit and on cancelling. */
  graceMs: number;
}

/**
 * Prepares a job beside its unpacking, reports `prepared`, and starts it on the line `go BYTES SHA256` on stdin,
 * which must come only after the whole archive was sent and unpacked. Any other end of stdin removes the job's folder again.
 * Then it reports `started` (or why not) and follows the job as `followScript` does.
 */
export function startScript(options: StartOptions): string {
  const supervisor = `h_run=$0 h_program=$1 h_mode=$2 h_detach=$3 h_archive=$4 h_folder=$5
${supervisorScript(options.spec, options)}`;
  return runnerScript(
    { folder: options.jobId, nonce: options.nonce },
    `h_run=./run.$h_nonce h_tail=
${undo}
${look}
${findInterpreter(options.spec.launch)}
[ -n "$h_program" ] || { say no-interpreter; undo; }
${findDetacher}
[ -n "$h_mode" ] || { say start-failed "neither setsid, bash nor perl is there"; undo; }
if [ ! -e "$h_dir/start" ]; then
h_text=$({ umask 077; mkdir -p "$h_dir" && cd "$h_dir" && mkfifo ${pipes} && { printf '%s' ${shellQuote(supervisor)} >"$h_run" || { echo "no space left on device"; false; }; }; } 2>&1) || { flat "$h_text"; say no-room "$h_flat"; undo; }
fi
say prepared
${tailEarly}
${awaitGo(options.spec)}
command exec 9<>said 8<said || { say start-failed "its folder is gone"; exit 0; }
set -- "$h_run" "$h_program" "$h_mode" "$h_detach" "$h_archive" "$h_folder"
${detach("")}
exec 9>&-
${followStarted(options.graceMs)}`,
  );
}

/** What to start in the folder of a stage. */
export interface StartStagedOptions {
  jobId: JobId;
  spec: JobSpec;
  graceMs: number;
  /** The file in that folder which becomes the exit record. */
  run: string;
}

/**
 * As `startScript`, for the shell that `standByScript` has left at a stage. It reports `awake`, or why the stage is of no use:
 * `gone`, `no-interpreter`. Only on the line `take` the stage's folder becomes the job's, and `prepared` is reported: whoever
 * has not sent that may start the job in another way, whatever this shell still does.
 */
export function startStagedScript({ jobId, spec, graceMs, run }: StartStagedOptions): string {
  const supervisor = supervisorScript(spec, { jobId, graceMs });
  return `{
h_run=./${run} h_dir=$h_jobs/${shellQuote(jobId)}
${undo}
${quote}
${findInterpreter(spec.launch)}
[ -n "$h_program" ] || { say no-interpreter; exit 0; }
${isWhole} || { say gone; exit 0; }
say awake
until read -r h_word; do ${isTimeout} || { h_word=; break; }; done
[ "$h_word" = take ] || exit 0
[ -e "$h_dir" ] || mv "$h_stage" "$h_dir" 2>/dev/null
[ -e "$h_dir/$h_run" ] || { say start-failed "its folder could not be given its name"; exit 0; }
say prepared
${awaitGo(spec)}
quote "$h_dir"; h_words="cd $h_quoted; h_run=$h_run h_mode=\\$1 h_detach=\\$2 h_archive='$h_archive'"
quote "$h_folder"; h_words="$h_words h_folder=$h_quoted"
quote "$h_program"; h_words="$h_words h_program=$h_quoted"
printf '%s\n%s' "$h_words" ${shellQuote(supervisor)} 2>/dev/null >&6
exec 6>&-
${followStarted(graceMs)}
exit 0
}
`;
}

// Whether all of the stage is there that we stand in: its files, what reads the log, and the supervisor's shell, which is
// asked. From then on that one alone reads the pipe `plan`, so that no writing there outlives it.
const isWhole = `{
for h_word in ${pipes} plan; do [ -p "$h_word" ] || break; h_word=; done
[ -z "$h_word" ] && [ -e "$h_run" ] && [ -e log ] && [ -d ${workFolder} ] &&
{ [ -z "$h_tail" ] || kill -0 "$h_tail"; } && echo 'echo awake' >&7 &&
until read -r h_word <&8; do ${isTimeout} || break; done && [ "$h_word" = awake ] && command exec 6>plan 7>&-
} 2>/dev/null`;

// Waits for the word to go, and for nothing else; then we stand in the job's folder.
function awaitGo(spec: JobSpec): string {
  const { folder, file } = placeOf(spec.script);
  const script = [".", workFolder, folder, file].filter((part) => part !== "").join("/");
  return `until read -r h_word h_archive; do ${isTimeout} || { h_word=; break; }; done
[ "$h_word" = go ] || undo
cd "$h_dir" || { say start-failed "its folder is gone"; exit 0; }
[ -f ${shellQuote(script)} ] || [ -e start ] || { say no-script; undo; }
h_folder=$PWD/${workFolder}${folder === "" ? "" : `/${shellQuote(folder)}`}`;
}

// Reads what the supervisor answers on descriptor 8, says it, and follows the job.
const followStarted = (graceMs: number): string => `h_text=
while read -r h_word <&8 || ${isTimeout}; do
h_text="$h_text $h_word"
case $h_word in started|claimed|full) break ;; esac
done
exec 8<&-
case $h_text in
*started) h_first=started ;;
*claimed) h_first=claimed ;;
*full) say no-room "no space left on device"; undo ;;
*) rm -f "$h_run"
if ( set -C; printf 'never\n' >start ) 2>/dev/null; then
flat "$h_text"; say start-failed "\${h_flat:-the supervisor said nothing}"; exit 0
fi
h_first=claimed ;;
esac
${followBody(0, graceMs)}`;

// Twice, since the unpacking may not have ended yet.
const undo = `undo() {
while read -r h_word || ${isTimeout}; do :; done
[ -z "$h_tail" ] || kill "$h_tail"
cd /
if [ -e "$h_dir/start" ]; then rm -f "$h_dir/$h_run"; exit 0; fi
rm -rf "$h_dir"; sleep 1; [ -e "$h_dir/start" ] || rm -rf "$h_dir"
exit 0
}`;

/**
 * Whether the log's follower is to be up before its first byte. Not where `tail` is a link, as BusyBox's is: that one looks
 * once a second only, so it is started when there is something to read.
 */
export const hasQuickTail = `{ look tail; [ -n "$h_found" ] && [ ! -L "$h_found" ]; }`;

const tailEarly = `if ${hasQuickTail} && [ ! -e "$h_dir/start" ] && { printf '' >>"$h_dir/log"; } 2>/dev/null
then ${followLog(0, '"$h_dir/log"')}; fi`;

// A text as one word of sh, in h_quoted; without a process.
const quote = `quote() {
h_quoted= h_left=$1
while :; do
case $h_left in *"'"*) ;; *) break ;; esac
h_quoted=$h_quoted\${h_left%%"'"*}"'\\''" h_left=\${h_left#*"'"}
done
h_quoted="'$h_quoted$h_left'"
}`;

/** Looks for a program without a process, into h_found: on PATH, then where people and package managers put them. */
export const look = `look() {
h_found=; h_ifs=$IFS; h_path=$PATH:$HOME/.local/bin:/opt/homebrew/bin:/usr/local/bin:/opt/conda/bin:/usr/bin:/bin
IFS=:; set -f
for h_entry in $h_path; do
case $h_entry in /*) if [ -f "$h_entry/$1" ] && [ -x "$h_entry/$1" ]; then h_found=$h_entry/$1; break; fi ;; esac
done
IFS=$h_ifs; set +f
}`;

function findInterpreter(launch: JobSpec["launch"]): string {
  switch (launch.kind) {
    case "named":
      return `h_program=
for h_name in ${launch.candidates.map(shellQuote).join(" ")}; do
look "$h_name"; h_program=$h_found; [ -z "$h_program" ] || break
done`;
    case "path":
      return `h_program=${shellQuote(launch.path)}
case $h_program in
/*) ;;
'~/'*) h_program=$HOME/\${h_program#'~/'} ;;
*/*) h_program=$HOME/$h_program ;;
*) look "$h_program"; h_program=$h_found ;;
esac
[ -f "$h_program" ] && [ -x "$h_program" ] || h_program=`;
  }
}

/** How to part a process from this one: h_mode, empty where nothing does it, and the program h_detach. */
export const findDetacher = `look setsid; h_detach=$h_found h_mode=setsid
if [ -z "$h_detach" ]; then
h_mode=monitor
if [ -z "\${BASH_VERSION:-}" ]; then look perl; h_detach=$h_found h_mode=\${h_found:+perl}; fi
fi`;

/**
 * Starts sh with the arguments in "$@", parted from this shell. The supervisor answers through the pipe `said`. That was
 * opened for both at first, so that nothing waits for an opening; with our writing end closed, what we read ends with the
 * supervisor. `closing`: descriptors that it is not to get besides.
 */
export const detach = (closing: string): string => `case $h_mode in
setsid) exec "$h_detach" /bin/sh "$@" ;;
perl) exec "$h_detach" -e 'use POSIX (); POSIX::setsid(); exec { $ARGV[0] } @ARGV; exit 127' /bin/sh "$@" ;;
monitor) set -m; /bin/sh "$@" & ;;
esac </dev/null >&9 2>&1 8<&- 9>&- ${closing} &`;
