/**
 * The part of the probe's script that runs nvidia-smi: one query for figures and one for processes, each in the tool's own loop;
 * of GPUs that can sleep, single readings of those that are awake. POSIX sh.
 */
export const nvidiaShellFunctions = String.raw`
# Which list of fields the driver knows, as far as its version tells: an unknown field costs a start of the tool
first_level() {
  level=0 version=
  read -r version <"$sys/module/nvidia/version" || return 0
  version=\${version%%.*}
  case $version in '' | *[!0-9]*) return 0 ;; esac
  if [ "$version" -lt 450 ]; then level=2; elif [ "$version" -lt 565 ]; then level=1; fi
}
pick_fields() {
  case $level in
    0) fields=$fields_0 ;;
    1) fields=$fields_1 ;;
    2) fields=$fields_2 ;;
    3) fields=$fields_3 ;;
    *) fields=$fields_4 ;;
  esac
}
gpu_worker() {
  be_worker
  first_level
  while :; do
    await_driver nvidia-smi
    pick_fields
    printf '#start loop %s %s\n' "$every" "$fields"
    run $group "$tool" "--query-gpu=$fields" --format=csv,noheader,nounits -l "$every"
    printf '#exit %s\n' "$code"
    # 2 is "unknown field": ask for less at once
    if [ "$code" = 2 ] && [ "$level" -lt 4 ]; then level=$((level + 1)); continue; fi
    run sleep "$restart"
  done
}

apps_worker() {
  be_worker
  while :; do
    await_driver nvidia-smi
    printf '#start loop %s %s\n' "$every" "$app_fields"
    run $group "$tool" "--query-compute-apps=$app_fields" --format=csv,nounits -l "$every"
    printf '#exit %s\n' "$code"
    run sleep "$restart"
  done
}

# GPUs that can sleep: single readings of those awake; a loop would hold them awake
sleepy_worker() {
  be_worker
  first_level
  while :; do
    await_driver nvidia-smi >&3
    pick_fields
    awake= asleep=
    for device in "$sys"/bus/pci/drivers/nvidia/*:*:*; do
      state=unknown
      read -r state <"$device/power/runtime_status"
      case $state in
        suspend*) asleep=$asleep,\${device##*/} ;;
        *) awake=$awake,\${device##*/} ;;
      esac
    done
    if [ -n "$asleep" ]; then printf '#asleep %s %s\n' "$sleepy_every" "\${asleep#,}" >&3; fi
    if [ -n "$awake" ]; then
      only=
      if [ -n "$asleep" ]; then only=--id=\${awake#,}; fi
      printf '#start once %s %s\n' "$sleepy_every" "$fields" >&3
      run_tool "--query-gpu=$fields" --format=csv,noheader,nounits $only >&3
      printf '#exit %s\n' "$code" >&3
      if [ "$code" = 2 ] && [ "$level" -lt 4 ]; then level=$((level + 1)); continue; fi
      printf '#start once %s %s\n' "$sleepy_every" "$app_fields" >&4
      run_tool "--query-compute-apps=$app_fields" --format=csv,nounits $only >&4
      printf '#exit %s\n' "$code" >&4
    fi
    run sleep "$sleepy_every"
  done
}
run_tool() {
  run $group "$tool" "$@"
}

can_sleep() {
  for device in "$sys"/bus/pci/drivers/nvidia/*:*:*; do
    control=
    read -r control <"$device/power/control" || continue
    [ "$control" = auto ] || continue
    d3=
    read -r d3 <"$proc/driver/nvidia/gpus/\${device##*/}/power" || return 0
    case $d3 in *Enabled* | *enabled*) return 0 ;; esac
  done
  return 1
}

find_tool() {
  tool=
  for path in "$(command -v nvidia-smi)" $tool_paths; do
    if [ -f "$path" ] && [ -x "$path" ]; then tool=$path; return; fi
  done
}
`.replaceAll("\\$", "$");
