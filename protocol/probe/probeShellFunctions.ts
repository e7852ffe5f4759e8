import { amdShellFunctions } from "./amd/amdShellFunctions.ts";
import { amdToolShellFunctions } from "./amd/amdToolShellFunctions.ts";
import { macShellFunctions } from "./apple/macShellFunctions.ts";
import { migShellFunctions } from "./migShellFunctions.ts";
import { nvidiaShellFunctions } from "./nvidiaShellFunctions.ts";
import { ownerShellFunctions } from "./ownerShellFunctions.ts";
import { xpuShellFunctions } from "./intel/xpuShellFunctions.ts";
import { tegraShellFunctions } from "./jetson/tegraShellFunctions.ts";

/**
 * The functions of the probe's script, POSIX sh for dash, BusyBox ash and bash 3.2. Each worker is a subshell
 * that runs at most one process at a time and kills it on TERM; `serve` blocks on stdin and, at its end, sends
 * TERM to all workers. Pipes 3, 4, 5, 7 and 8 lead to loops that tag the lines
 * of a tool, pipe 9 to one that looks up the jobs of processes.
 */
export const probeShellFunctions = `${amdShellFunctions}${amdToolShellFunctions}${macShellFunctions}${migShellFunctions}${nvidiaShellFunctions}${ownerShellFunctions}${tegraShellFunctions}${xpuShellFunctions}${String.raw`
tag() {
  while IFS= read -r line || [ -n "$line" ]; do printf '%s %s\n' "$1" "$line"; done
}

# as tag, but of the drivers of a Mac, which tell tens of kilobytes, only what is read; of amd-smi without blanks and long lists
tag_tool() {
  picks= trims= skips=
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in '#begin '*' accelerators') picks=1 ;; '#begin '*' amd-'*) trims=1 ;; '#end'*) picks= trims= skips= ;; esac
    if [ -n "$trims" ]; then
      line=\${line#"\${line%%[! ]*}"}
      case \${skips:-+}$line in
        '+"jpeg_activity": [' | '+"vcn_activity": [') skips=- ;;
        -']'*) skips= ;;
        -*) continue ;;
      esac
    fi
    if [ -n "$picks" ]; then
      case $line in
        '#'* | *+-o* | *'"PerformanceStatistics"'* | *'"model"'* | *'"gpu-core-count"'* | *'"IOClass"'*) ;;
        *) continue ;;
      esac
    fi
    printf 'X %s\n' "$line"
  done
}

# the answer of a tool, whole, between two lines of ours
run_block() {
  printf '#begin %s %s\n' "$1" "$2"
  shift 2
  run "$@"
  printf '#end %s\n' "$code"
}

# in a worker: the running process ends with it
be_worker() {
  busy=
  trap halt TERM HUP INT
}
halt() {
  trap '' TERM HUP INT
  if [ -n "$busy" ]; then kill -9 "-$!"; kill -9 "$!"; fi
  exit 0
}
run() {
  busy=1
  "$@" </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  wait "$!"
  code=$?
  busy=
  return "$code"
}

# Whether such a tool, ours or not, hangs in the driver: it cannot be killed, and a second one would hang too.
hangs_now() {
  for stat in "$proc"/[0-9]*/stat; do
    IFS= read -r line <"$stat" || continue
    case $line in *"($1) D "*) return 0 ;; esac
  done
  return 1
}
await_driver() {
  hangs_now "$1" || return 0
  run sleep 2
  while hangs_now "$1"; do
    printf '#wedged\n'
    run sleep "$restart"
  done
}

# df hangs where a network file system does; it must not hold up the rest
disk_worker() {
  be_worker
  while :; do
    run df -Pk "\${HOME:-/}"
    run sleep 60
  done
}

memory_cells() {
  total=- free=- available=- buffers=- cached=- slab=- shared=-
  while read -r key value rest; do
    case $key in
      MemTotal:) total=$value ;;
      MemFree:) free=$value ;;
      MemAvailable:) available=$value; break ;;
      Buffers:) buffers=$value ;;
      Cached:) cached=$value ;;
      SReclaimable:) slab=$value ;;
      Shmem:) shared=$value ;;
    esac
  done <"$proc/meminfo"
}

group_cells() {
  limit=- current=- inactive=-
  read -r limit <"$sys/fs/cgroup/memory.max" || return 0
  [ "$limit" != max ] || return 0
  read -r current <"$sys/fs/cgroup/memory.current"
  while read -r key value; do
    if [ "$key" = inactive_file ]; then inactive=$value; break; fi
  done <"$sys/fs/cgroup/memory.stat"
}

linux_worker() {
  be_worker
  while :; do
    cpu=- uptime=-
    IFS= read -r cpu <"$proc/stat"
    memory_cells
    group_cells
    read -r uptime rest <"$proc/uptime"
    printf 'P %s\nM %s %s %s %s %s %s %s\nC %s %s %s\nU %s\nT\n' "$cpu" \
      "$total" "$free" "$available" "$buffers" "$cached" "$slab" "$shared" \
      "$limit" "$current" "$inactive" "$uptime" || exit 0
    run sleep "$every"
  done
}

other_worker() {
  be_worker
  while :; do
    printf 'T\n'
    run sleep "$every"
  done
}

fact() {
  if [ -n "$2" ]; then printf 'H %s %s\n' "$1" "$2"; fi
}

first_line() {
  line=
  for file; do
    if [ -r "$file" ] && IFS= read -r line <"$file" && [ -n "$line" ]; then return; fi
  done
}

print_facts() {
  kernel=$(uname -srm)
  fact kernel "$kernel"
  first_line "$proc/sys/kernel/random/boot_id"; fact boot "$line"
  first_line /etc/machine-id /var/lib/dbus/machine-id; fact machine "$line"
  if [ -r /etc/os-release ]; then
    while IFS= read -r line; do
      case $line in PRETTY_NAME=*) fact distro "\${line#PRETTY_NAME=}"; break ;; esac
    done </etc/os-release
  fi
  case $kernel in Darwin*) fact clock "$(date +%s)" ;; esac
}

main() {
  print_facts
  find_tool
  asks=
  case $kernel in
    Darwin*) asks=mac ;;
    Linux*) if find_tegra; then asks=tegra; elif find_xpu; then asks=xpu; else find_amd_tool; fi ;;
  esac
  fact asks "$asks"
  if [ "$asks" = tegra ]; then first_line "$proc/device-tree/model"; fact model "$line"; fi
  fact tool "\${tool:-none}"
  # its own process group, so that what the tool starts ends with it
  group=$(command -v setsid) && group=setsid
  workers=
  case $kernel in
    Linux*)
      if amd_here; then fact amd here; amd_worker & workers=$!; fi
      linux_worker &
      ;;
    Darwin*) darwin_worker & ;;
    *) other_worker & ;;
  esac
  workers="$workers $!"
  disk_worker >&7 &
  workers="$workers $!"
  if [ -n "$tool" ]; then
    if can_sleep; then
      sleepy_worker & workers="$workers $!"
    else
      gpu_worker >&3 & workers="$workers $!"
      apps_worker >&4 & workers="$workers $!"
      if [ -n "$mig" ]; then fact mig here; mig_worker >&5 & workers="$workers $!"; fi
    fi
  fi
  if [ -n "$asks" ]; then "\${asks}_worker" >&8 & workers="$workers $!"; fi
  exec 3>&- 4>&- 5>&- 7>&- 8>&- 9>&-
  trap stop TERM HUP INT
  # bash as sh heeds an exported TMOUT here: more than 128
  while IFS= read -r line || [ $? -gt 128 ]; do :; done
  stop
}
stop() {
  trap '' TERM HUP INT
  kill $workers
  exit 0
}

serve() {
  printf '\nhwledger-probe %s\n' "$nonce"
  exec 2>/dev/null 6>&1
  look_around
  mig=
  if mig_here; then mig=here; fi
  if [ -n "$mig" ]; then serve_pipes 5>&1 >&6 | tag_mig >&6; else serve_pipes; fi
}
serve_pipes() {
  { { { { { main 8>&1 >&6 | tag_tool >&6; } 7>&1 >&6 | tag O >&6; } 4>&1 >&6 | tag_apps >&6; } 3>&1 >&6 |
    tag G >&6; } 9>&1 >&6 | tag_jobs >&6; }
}
`.replaceAll("\\$", "$")}`;
