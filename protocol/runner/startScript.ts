import type { JobSpec } from "../job.ts";
import { shellQuote } from "../shellQuote.ts";
import { followBody, followLog } from "./followScript.ts";
import { isTimeout, runnerScript, workFolder, type RunnerContext } from "./runnerPrelude.ts";
import { placeOf, supervisorScript } from "./supervisorScript.ts";

/** What to start. */
export interface StartOptions extends RunnerContext {
  spec: JobSpec;
  /** Between TERM and KILL, at the time limit and on cancelling. */
  graceMs: number;
}

/**
 * Prepares a job beside its unpacking, reports `prepared`, and starts it on the line `go BYTES SHA256` on stdin,
 * which must come only after the whole archive was sent and unpacked. Any other end of stdin removes the job's folder again,
 * but the line `leave` after `no-interpreter`: another shell looks then.
 * Then it reports `started` (or why not) and follows the job as `followScript` does.
 */
export function startScript(options: StartOptions): string {
  const { folder, file } = placeOf(options.spec.script);
  const script = [".", workFolder, folder, file].filter((part) => part !== "").join("/");
  const supervisor = supervisorScript(options.spec, options);
  return runnerScript(
    options,
    `${undo}
${look}
${findInterpreter(options.spec.launch)}
[ -n "$h_program" ] || { say no-interpreter; read -r h_word; [ "$h_word" != leave ] || exit 0; undo; }
${findDetacher}
[ -n "$h_mode" ] || { say start-failed "neither setsid, bash nor perl is there"; undo; }
h_run="./run.$h_nonce"
if [ ! -e "$h_dir/start" ]; then
h_text=$({ umask 077; mkdir -p "$h_dir" && cd "$h_dir" && mkfifo alive said limit grace && { printf '%s' ${shellQuote(supervisor)} >"$h_run" || { echo "no space left on device"; false; }; }; } 2>&1) || { flat "$h_text"; say no-room "$h_flat"; undo; }
fi
say prepared
${tailEarly}
until read -r h_word h_archive; do ${isTimeout} || { h_word=; break; }; done
[ "$h_word" = go ] || undo
cd "$h_dir" || { say start-failed "its folder is gone"; exit 0; }
[ -f ${shellQuote(script)} ] || [ -e start ] || { say no-script; undo; }
h_folder=$PWD/${workFolder}${folder === "" ? "" : `/${shellQuote(folder)}`}
command exec 9<>said 8<said || { say start-failed "its folder is gone"; exit 0; }
set -- "$h_run" "$h_program" "$h_mode" "$h_detach" "$h_archive" "$h_folder"
${detach}
exec 9>&-
h_text=
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
if ( set -C; printf 'never\\n' >start ) 2>/dev/null; then
flat "$h_text"; say start-failed "\${h_flat:-the supervisor said nothing}"; exit 0
fi
h_first=claimed ;;
esac
${followBody(0, options.graceMs)}`,
  );
}

// Twice, since the unpacking may not have ended yet.
const undo = `h_tail=
undo() {
while read -r h_word || ${isTimeout}; do :; done
[ -z "$h_tail" ] || kill "$h_tail"
cd /
if [ -e "$h_dir/start" ]; then rm -f "$h_dir/run.$h_nonce"; else rm -rf "$h_dir"; sleep 1; rm -rf "$h_dir"; fi
exit 0
}`;

// The log's follower is up before its first byte. Not where `tail` is a link, as BusyBox's is: that one looks once a
// second only, so it is started when there is something to read.
const tailEarly = `look tail
if [ -n "$h_found" ] && [ ! -L "$h_found" ] && [ ! -e "$h_dir/start" ] && { printf '' >>"$h_dir/log"; } 2>/dev/null
then ${followLog(0, '"$h_dir/log"')}; fi`;

// Programs are looked for without a process: on PATH, then where people and package managers put them.
const look = `look() {
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

const findDetacher = `look setsid; h_detach=$h_found h_mode=setsid
if [ -z "$h_detach" ]; then
h_mode=monitor
if [ -z "\${BASH_VERSION:-}" ]; then look perl; h_detach=$h_found h_mode=\${h_found:+perl}; fi
fi`;

// The supervisor answers through the pipe `said`. It was opened for both at first, so that nothing waits for an opening;
// with our writing end closed, what we read ends with the supervisor.
const detach = `case $h_mode in
setsid) exec "$h_detach" /bin/sh "$@" ;;
perl) exec "$h_detach" -e 'use POSIX (); POSIX::setsid(); exec { $ARGV[0] } @ARGV; exit 127' /bin/sh "$@" ;;
monitor) set -m; /bin/sh "$@" & ;;
esac </dev/null >&9 2>&1 8<&- 9>&- &`;
