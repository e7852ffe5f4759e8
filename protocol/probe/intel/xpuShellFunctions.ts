import { xpuSmiDumpMetrics } from "./xpuSmi.ts";

/**
 * The part of the probe's script that asks `xpu-smi` for Intel's GPUs. POSIX sh. The tool asks all of them at once and wakes
 * those that sleep, so it is left alone while one does; graphics inside a processor, on bus 0, are no matter.
 */
export const xpuShellFunctions = String.raw`
find_xpu() {
  for device in "$sys"/bus/pci/drivers/i915/*:*:* "$sys"/bus/pci/drivers/xe/*:*:*; do
    case \${device##*/} in *'*'* | 0000:00:*) continue ;; esac
    for xpu in "$(command -v xpu-smi)" $xpu_paths; do
      if [ -f "$xpu" ] && [ -x "$xpu" ]; then return 0; fi
    done
    return 1
  done
  return 1
}
xpu_worker() {
  be_worker
  listed=
  while :; do
    await_driver xpu-smi
    xpu_sleepers
    if [ -n "$asleep" ]; then
      printf '#asleep %s %s\n' "$sleepy_every" "\${asleep#,}"
      run sleep "$sleepy_every"
      continue
    fi
    if [ -z "$listed" ]; then
      run_block "$every" discovery $group "$xpu" discovery -j
      if [ "$code" != 0 ]; then run sleep "$restart"; continue; fi
      listed=1
    fi
    if [ -n "$may_sleep" ]; then
      # the first row of some versions has no utilisation
      run_block "$sleepy_every" dump $group "$xpu" dump -d -1 -m ${xpuSmiDumpMetrics} -i 1 -n 2
      run sleep "$sleepy_every"
    else
      printf '#run %s\n' "$every"
      run $group "$xpu" dump -d -1 -m ${xpuSmiDumpMetrics} -i "$every"
      printf '#exit %s\n' "$code"
      run sleep "$restart"
    fi
  done
}
xpu_sleepers() {
  may_sleep= asleep=
  for device in "$sys"/bus/pci/drivers/i915/*:*:* "$sys"/bus/pci/drivers/xe/*:*:*; do
    case \${device##*/} in *'*'* | 0000:00:*) continue ;; esac
    control= state=
    read -r control <"$device/power/control"
    [ "$control" = auto ] || continue
    may_sleep=1
    read -r state <"$device/power/runtime_status"
    case $state in suspend*) asleep=$asleep,\${device##*/} ;; esac
  done
}
`.replaceAll("\\$", "$");
