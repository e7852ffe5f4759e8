import { processGroup } from "./processGroup.ts";
import { isTimeout, readBootId, runnerScript, workFolder, type RunnerContext } from "./runnerPrelude.ts";

/** Which log to follow from where. */
export interface FollowOptions extends RunnerContext {
  /** Bytes of the log that are already held. */
  offset: number;
  /** Between TERM and KILL when the job is cancelled. */
  graceMs: number;
  /** Makes sure first that a job that was not started yet never will be. */
  claim: boolean;
}

/**
 * Follows a job: the log's bytes on stdout, what becomes of the job as control lines. A line `cancel NAME` on stdin
 * cancels the job; the end of stdin ends the following and leaves no process behind.
 */
export function followScript(options: FollowOptions): string {
  return runnerScript(
    { folder: options.jobId, nonce: options.nonce },
    `${options.claim ? claim : ""}
cd "$h_dir" 2>/dev/null || { say gone; exit 0; }
${followBody(options.offset, options.graceMs)}`,
  );
}

// Creating the file `start` decides who starts a job. It stays, so that a late starter finds it. What would have run it
// goes: its environment is not to stay on the host.
const claim = `( umask 077; mkdir -p "$h_dir"; set -C; printf 'never\\n' >"$h_dir/start" ) 2>/dev/null && rm -rf "$h_dir/${workFolder}" "$h_dir"/run.*
[ -e "$h_dir/start" ] || { say no-room "the job's folder cannot be written"; exit 0; }`;

/** The following itself, for a shell that stands in the job's folder. */
export function followBody(offset: number, graceMs: number): string {
  return `${processGroup}
${readClaim}
[ -n "$h_owner" ] || [ ! -e start ] || { sleep 1; ${readClaim}; [ -n "$h_owner" ] || h_owner=0; }
case $h_owner in ''|never) say unstarted; exit 0 ;; esac
printf "\\n$h_nonce %s\\n" \${h_first:-} "interpreter $h_interpreter" "directory $h_folder" "following $h_archive" >&2
if [ -n "\${h_tail:-}" ]; then :; elif [ -r log ]; then ${followLog(offset, "log")}; else say no-log; h_tail=; fi
${watch} &
h_watch=$!
while read -r h_word h_by || ${isTimeout}; do
if [ "$h_word" = cancel ]; then ${cancel(graceMs)} & fi
done
kill $h_tail "$h_watch" 2>/dev/null`;
}

/**
 * Puts the log's bytes from an offset on on stdout, as they come; `h_tail` is what to end with TERM. When something else
 * ends the reading, it says so: the log could be read on then, but not by this shell.
 */
export function followLog(offset: number, file: string): string {
  return `(
h_told=
trap 'h_told=1; kill "$!"' TERM
tail -c +${offset + 1} -f ${file} &
wait "$!"
[ -n "$h_told" ] || say log-left
) & h_tail=$!`;
}

/** Larger logs are not hashed on the host. */
const hashedBytes = 33_554_432;

// Whatever the host's start-up files left behind may print into what is followed: the hash tells the log from that.
const hashLog = `h_sum=
if [ "$h_bytes" -le ${hashedBytes} ]; then
if command -v sha256sum >/dev/null; then h_sum=$(head -c "$h_bytes" log 2>/dev/null | sha256sum 2>/dev/null)
elif command -v shasum >/dev/null; then h_sum=$(head -c "$h_bytes" log 2>/dev/null | shasum -a 256 2>/dev/null); fi
fi
h_sum=\${h_sum%% *}`;

const readClaim = `h_owner= h_began= h_archive= h_interpreter= h_folder=
{ read -r h_owner h_began; read -r h_archive; IFS= read -r h_interpreter; IFS= read -r h_folder; } 2>/dev/null <start`;

// The supervisor holds the pipe `alive` open for writing. Opened for both at first, so that the opening never blocks;
// with our own writing end closed, the reading ends when the supervisor does, or at once if it already has. By `exec`:
// a shell that redirects a single command keeps a copy of the descriptor, and so the pipe open.
const watch = `(
[ -p alive ] && command exec 9<>alive <alive 9>&- && until read -r h_word || [ $? -le 128 ]; do :; done
h_code=; h_by=
{ read -r h_code h_signal h_why h_bytes h_lasted; } 2>/dev/null <exit
if [ -n "$h_code" ]; then
[ "$h_why" != cancel ] || { read -r h_by; } 2>/dev/null <cancel
${hashLog}
say ended "$h_code" "$h_signal" "$h_why" "$h_bytes" "\${h_lasted:--}" "\${h_sum:--}" "$h_by"; exit 0
fi
${readBootId}
set -- $(wc -c 2>/dev/null <log)
[ -e start ] || { say gone; exit 0; }
if [ "$h_began" != "$h_boot" ]; then say rebooted "\${1:-0}"; exit 0; fi
h_leader=; { read -r h_leader; } 2>/dev/null <pid
if [ -z "$h_leader" ] || group_ended "$h_leader"; then say vanished "\${1:-0}" ended
else say vanished "\${1:-0}" running; fi
)`;

function cancel(graceMs: number): string {
  return `(
trap '' HUP PIPE; exec </dev/null >/dev/null 2>&1
[ ! -e exit ] || exit 0
if [ ! -e timeout ] && [ ! -e cancel ]; then printf '%-200s\\n' "$h_by" 1<>cancel.tmp; mv cancel.tmp cancel; fi
h_leader=; read -r h_leader <pid; [ -n "$h_leader" ] || exit 0
kill -TERM "-$h_leader"
wait_for_group "$h_leader" ${Math.ceil(graceMs / 100)}
kill -KILL "-$h_leader"
)`;
}
