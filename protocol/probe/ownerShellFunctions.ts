/**
 * The part of the probe's script that says whose the processes on a Linux host's GPUs are: for each new one a line
 * `W PID SECONDS USER JOB`. POSIX sh. It starts processes for a new one only; after that a look at its /proc/PID/stat tells
 * that it is still the same.
 */
export const ownerShellFunctions = String.raw`
# as tag A, and before the row of a new process whose it is
tag_apps() {
  known=' '
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      GPU-*', '[0-9]*', '*', '* | MIG-*', '[0-9]*', '*', '*)
        rest=\${line#*, }
        pid=\${rest%%, *}
        rest=\${rest#*, }
        case $pid in *[!0-9]*) ;; *) whose "$pid" "\${rest#*, }" ;; esac
        ;;
    esac
    printf 'A %s\n' "$line"
  done
}
# Its number, and what the tool calls it: elsewhere, as in a container, the number may be that of another process.
whose() {
  stat= called=$2
  IFS= read -r stat <"$proc/$1/stat" || return 0
  # the fields of stat from the third on, under their own numbers
  set -- "$1" - \${stat##*) }
  start=\${22}
  case $start in '' | *[!0-9]*) return 0 ;; esac
  case $known in *" $1:$start "*) return 0 ;; esac
  if [ -n "$called" ]; then
    command=
    IFS= read -r command <"$proc/$1/cmdline"
    first=\${called%% *}
    case $command in "$first"* | "\${first##*/}"*) ;; *) return 0 ;; esac
  fi
  uptime=
  read -r uptime rest <"$proc/uptime"
  age=-
  case \${uptime%%.*} in '' | *[!0-9]*) ;; *) age=$((\${uptime%%.*} - start / 100)) ;; esac
  case $age in -*) age=- ;; esac
  job=$(tr '\0' '\n' <"$proc/$1/environ" | while IFS= read -r entry; do
    case $entry in HWLEDGER_JOB_ID=*) printf '%s\n' "\${entry#*=}"; break ;; esac
  done)
  pid=$1
  set -- $(ls -ld "$proc/$pid" </dev/null)
  printf 'W %s %s %s %s\n' "$pid" "$age" "\${3:--}" "\${job:--}"
  if [ \${#known} -gt 8000 ]; then known=' '; fi
  known="$known$pid:$start "
}
`.replaceAll("\\$", "$");
