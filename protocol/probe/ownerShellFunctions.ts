/**
 * The part of the probe's script that says whose the processes on a Linux host's GPUs are. POSIX sh. `whose` says
 * `W PID SECONDS USER` of each new one, from files that never block and without a process; a loop of its own looks for the job
 * that a process of the same login belongs to, since reading an environment may take its time, and says `J PID JOB`. Logins of a
 * directory service, which /etc/passwd does not name, are told by number.
 */
export const ownerShellFunctions = String.raw`
# as tag A, and before the row of a new process whose it is
tag_apps() {
  known=' ' users=' ' handed=0 rows=0
  while IFS= read -r line || [ -n "$line" ]; do
    rows=$((rows + 1))
    if [ "$rows" -ge 2000 ]; then rows=0 handed=0; fi
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
# its number, and what the tool calls it
whose() {
  pid=$1 called=$2 stat=
  if ! IFS= read -r stat <"$proc/$pid/stat"; then
    nobody_knows
    return 0
  fi
  fields=\${stat##*) }
  # a name may hold a line's end, and what the shell would take for names of files
  case $fields in *[!A-Za-z0-9\ -]*) fields= ;; esac
  # the fields of stat from the third on, under their own numbers
  set -- - - $fields
  state=$3 start=\${22}
  case $start in
    '' | *[!0-9]*)
      nobody_knows
      return 0
      ;;
  esac
  case $known in *" $pid:$start "*) return 0 ;; esac
  # In a container a number that a tool tells may be another process's here.
  if [ -z "$whole" ] && ! is_called "$called"; then
    nobody_knows
    return 0
  fi
  uid=
  while read -r key value rest; do
    if [ "$key" = Uid: ]; then uid=\${value%%[!0-9]*}; break; fi
  done <"$proc/$pid/status"
  user=-
  if [ -n "$uid" ]; then user_of "$uid"; fi
  age=- uptime=
  if [ -n "$whole" ]; then read -r uptime rest <"$proc/uptime"; fi
  case \${uptime%%.*} in '' | *[!0-9]*) ;; *) age=$((\${uptime%%.*} - start / 100)) ;; esac
  case $age in -*) age=- ;; esac
  printf 'W %s %s %s\n' "$pid" "$age" "$user"
  if [ "$uid" = "$own_uid" ] && [ -n "$uid" ]; then
    # one that hangs in a driver would hold up who reads its environment
    if [ "$state" = D ]; then return 0; fi
    if [ "$handed" -lt 1000 ]; then handed=$((handed + 1)); printf '%s\n' "$pid" >&9; fi
  fi
  if [ \${#known} -gt 60000 ]; then known=' '; fi
  known="$known$pid:$start "
}
# What was said of one with that number holds no more.
nobody_knows() {
  case $known in *" $pid:"*) printf 'W %s - -\n' "$pid" ;; esac
}
is_called() {
  comm=
  IFS= read -r comm <"$proc/$pid/comm"
  first=\${1%% *}
  first=\${first##*/}
  [ -n "$comm" ] || return 1
  if [ \${#comm} -lt 15 ]; then [ "$comm" = "$first" ]; return; fi
  case $first in "$comm"*) return 0 ;; esac
  return 1
}
user_of() {
  case $users in
    *" $1="*) user=\${users#*" $1="}; user=\${user%% *}; return ;;
  esac
  user=uid:$1
  while IFS=: read -r login secret number rest; do
    if [ "$number" = "$1" ]; then user=$login; break; fi
  done </etc/passwd
  case $user in *' '* | '') user=uid:$1 ;; esac
  if [ \${#users} -gt 4000 ]; then users=' '; fi
  users="$users$1=$user "
}
tag_jobs() {
  while IFS= read -r pid; do
    job=$(job_of "$pid")
    case $job in j-*) printf 'J %s %s\n' "$pid" "$job" ;; esac
  done
}
job_of() {
  tr '\0' '\n' <"$proc/$1/environ" | while IFS= read -r entry; do
    case $entry in HWLEDGER_JOB_ID=*) printf '%s\n' "\${entry#*=}"; break ;; esac
  done
}
# Whether this is the whole machine and not a container, and who this login is.
look_around() {
  whole= own_uid= name=
  read -r name <"$proc/2/comm"
  if [ "$name" = kthreadd ]; then whole=1; fi
  while read -r key value rest; do
    if [ "$key" = Uid: ]; then own_uid=\${value%%[!0-9]*}; break; fi
  done <"$proc/self/status"
}
`.replaceAll("\\$", "$");
