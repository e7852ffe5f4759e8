import type { JobSpec } from "../job.ts";
import { shellQuote } from "../shellQuote.ts";
import { processGroup } from "./processGroup.ts";
import { readBootId, workFolder } from "./runnerPrelude.ts";

/** What the supervisor is told beside the spec. */
export interface SupervisorOptions {
  jobId: string;
  /** Between TERM and KILL at the time limit. */
  graceMs: number;
}

/**
 * The sh program that stays with a job on its host, detached from everything. It stands in the job's folder. Set before it:
 * h_program the interpreter, h_mode the way to detach (`setsid`, `monitor` or `perl`), h_detach the program for that,
 * h_archive the archive's bytes and hash, h_folder the folder to run in, h_run the place of the exit record.
 * It answers one word on stdout: `started`, `claimed` or `full`.
 *
 * It claims the job by creating `start`, so a job runs once whoever else tries. All it has to write at the end has
 * its place reserved before the job starts, so that a full disk cannot lose the exit code. The place of the exit record may
 * be the script's own file: it holds the job's environment, and so is overwritten once the shell has parsed all of it.
 */
export function supervisorScript(spec: JobSpec, options: SupervisorOptions): string {
  const timed = spec.timeoutMs !== null;
  return `{
${claim}
${reserve(timed)}
${clock}
h_from=$h_now
${launch(spec, options)}
echo started
exec >/dev/null 2>&1
${spec.timeoutMs === null ? "" : timers(spec.timeoutMs, options.graceMs)}
${settle(timed, options.graceMs)}
exit 0
}
`;
}

/** The folder of a script inside the workspace, and the word that names it there. Throws a RangeError for a path that leaves the workspace. */
export function placeOf(script: string): { folder: string; file: string } {
  const parts = script.split("/").filter((part) => part !== "." && part !== "");
  const file = parts.pop();
  if (file === undefined || script.startsWith("/") || file === ".." || parts.includes(".."))
    throw new RangeError("a script is named by a path inside its workspace");
  return { folder: parts.join("/"), file: file.startsWith("-") ? `./${file}` : file };
}

// escape: a text on one line in h_line, as `unescapePath` in runnerReport.ts reads it; without a process.
const claim = `h_newline='
'
escape() {
h_line= h_left=$1
while [ -n "$h_left" ]; do
h_next=\${h_left%%[\\\\"$h_newline"]*}
h_line=$h_line$h_next h_left=\${h_left#"$h_next"}
case $h_left in
\\\\*) h_line=$h_line'\\\\' ;;
"$h_newline"*) h_line=$h_line'\\n' ;;
esac
h_left=\${h_left#?}
done
}
trap '' HUP PIPE
${readBootId}
exec 9<>alive
set -C
{ printf '' >start; } 2>/dev/null || { if [ -e start ]; then echo claimed; else echo full; fi; rm -f "$h_run"; exit 0; }
set +C
full() { rm -f start "$h_run"; echo full; exit 0; }
escape "$h_program"; h_said=$h_line
escape "$h_folder"
printf '%s\\n' "$$ $h_boot" "$h_archive" "$h_said" "$h_line" 2>/dev/null >start || full`;

function reserve(timed: boolean): string {
  const files = ['"$h_run"', "pid", "cancel.tmp", ...(timed ? ["timeout.tmp"] : [])];
  const writes = files.map((file) => `printf '%200s\\n' '' >${file}`);
  return `{ ${writes.join(" && ")} && printf '' >>log; } 2>/dev/null || full`;
}

// Sets h_now in hundredths of a second: by the time since boot, which nobody sets, where /proc has it.
const clock = `clock() {
h_up=; { read -r h_up h_word; } 2>/dev/null </proc/uptime
case $h_up in
*.[0-9][0-9]) h_now=$((\${h_up%.*} * 100 + 1\${h_up#*.} - 100)) ;;
*) h_now=$(date +%s)00 ;;
esac
}
clock`;

/**
 * Starts the job in a process group of its own. Only builtins run once the job's environment is set; what the shell itself
 * says of a value (bash of a locale that is not there) is not for the job's log.
 */
function launch(spec: JobSpec, options: SupervisorOptions): string {
  const { folder, file } = placeOf(spec.script);
  const words = [...spec.launch.flags, file, ...spec.args].map(shellQuote).join(" ");
  const environment = Object.entries({
    PYTHONUNBUFFERED: "1",
    HWLEDGER_JOB_ID: options.jobId,
    ...spec.env,
  });
  const exported = environment.filter(([name]) => !ownedByShells.test(name));
  const passed = environment.filter(([name]) => ownedByShells.test(name));
  const env = passed.map(([name, value]) => shellQuote(`${name}=${value}`)).join(" ");
  return `[ "$h_mode" != monitor ] || set -m
(
trap - HUP PIPE
exec </dev/null >>log 2>&1 9>&-
cd ${shellQuote([".", workFolder, folder].join("/"))} || exit 126
set -- "$h_program" ${words}
${passed.length === 0 ? "" : `set -- "$(command -v env)" ${env} "$@"`}
case $h_mode in
setsid) set -- "$h_detach" "$@" ;;
perl) set -- "$h_detach" -e 'use POSIX (); POSIX::setsid(); exec { $ARGV[0] } @ARGV; exit 127' "$@" ;;
esac
{
${exported.map(([name, value]) => `export ${name}=${shellQuote(value)}`).join("\n")}
} 2>/dev/null
exec "$@"
) &
h_leader=$!
[ "$h_mode" != monitor ] || set +m
printf '%-200s\\n' "$h_leader" 1<>pid`;
}

/**
 * Variables that some shell refuses to set, or gives a value of its own. They go by the program `env`, whose arguments
 * everybody on the host can read for a moment: no name that people would give a secret is among them.
 */
const ownedByShells =
  /^(_|UID|EUID|PPID|GROUPS|PWD|OLDPWD|IFS|OPTIND|OPTARG|LINENO|RANDOM|SECONDS|EPOCHSECONDS|EPOCHREALTIME|SRANDOM|SHELLOPTS|BASHOPTS|BASHPID|BASH|BASH_.*|DIRSTACK|FUNCNAME|HISTCMD|PIPESTATUS|COMP_(WORDS|CWORD|LINE|POINT|TYPE|KEY|WORDBREAKS)|POSIXLY_CORRECT)$/;

// Each sleep holds the writing end of a pipe: its end is the watch's signal. All three are children of the supervisor
// with known process ids, so none outlives it. `sleep` takes whole seconds everywhere, so the limit is rounded up.
// A sleep may be killed (`pkill sleep` in the job): the watch asks the clock and sleeps the rest itself. Where `sleep`
// cannot be started there is no time limit, rather than one that is over at once.
function timers(limitMs: number, graceMs: number): string {
  return `sleep ${Math.ceil(limitMs / 1_000)} >limit 9>&- &
h_sleep1=$!
sleep ${Math.ceil((limitMs + graceMs) / 1_000)} >grace 9>&- &
h_sleep2=$!
(
exec 7<limit 8<grace 9>&-
h_none=$!
trap '[ "$!" = "$h_none" ] || kill "$!"; exit 0' TERM
passed() {
while clock; h_left=$((($1 - h_now + h_from + 99) / 100)); [ "$h_left" -gt 0 ]; do
sleep "$h_left" &
wait "$!"
h_slept=$?
[ "$h_slept" -ne 0 ] || return 0
[ "$h_slept" -gt 128 ] || exit 0
done
}
read -r h_word <&7
passed ${Math.floor(limitMs / 10)}
[ -e cancel ] || mv timeout.tmp timeout
kill -TERM "-$h_leader"
read -r h_word <&8
passed ${Math.floor((limitMs + graceMs) / 10)}
kill -KILL "-$h_leader"
) &
h_watch=$!`;
}

/** Waits for the end and writes it down: exit code, signal, why, bytes of the log, hundredths of a second it took. */
function settle(timed: boolean, graceMs: number): string {
  return `${processGroup}
wait "$h_leader"
h_code=$? h_why=none
clock
h_lasted=$((h_now - h_from))
[ ! -e cancel ] || h_why=cancel
[ ! -e timeout ] || h_why=timeout
if [ $h_why != none ]; then
wait_for_group "$h_leader" ${Math.ceil(graceMs / 100) + 20}
kill -KILL "-$h_leader"
fi
${timed ? 'kill "$h_watch" "$h_sleep2"; [ $h_why = timeout ] || kill "$h_sleep1"' : ""}
h_signal=
[ $h_code -le 128 ] || h_signal=$(kill -l "$h_code")
set -- $(wc -c <log)
printf '%-200s\\n' "$h_code \${h_signal:-none} $h_why \${1:-0} $h_lasted" 1<>"$h_run" && mv "$h_run" exit`;
}
