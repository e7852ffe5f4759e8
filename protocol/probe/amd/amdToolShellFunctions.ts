import { rocmSmiArguments } from "./rocmSmi.ts";

/**
 * The part of the probe's script that asks AMD's own tools, where /sys is hidden, as in some containers. POSIX sh. Each answer
 * costs the start of a Python program, so they are asked seldom.
 */
export const amdToolShellFunctions = String.raw`
# Nothing is asked where the driver's files would show its GPUs
find_amd_tool() {
  if [ -d "$sys/bus/pci/drivers/amdgpu" ] || [ ! -e "$dev/kfd" ]; then return 1; fi
  for amd_tool in "$(command -v amd-smi)" $amdsmi_paths; do
    if [ -f "$amd_tool" ] && [ -x "$amd_tool" ]; then asks=amdsmi; return 0; fi
  done
  for amd_tool in "$(command -v rocm-smi)" $rocm_paths; do
    if [ -f "$amd_tool" ] && [ -x "$amd_tool" ]; then asks=rocm; return 0; fi
  done
  return 1
}
# As hangs_now, of programs that the kernel calls python3
amd_tool_hangs() {
  for stat in "$proc"/[0-9]*/stat; do
    IFS= read -r line <"$stat" || continue
    case $line in *') D '*) ;; *) continue ;; esac
    said=
    IFS= read -r said <"\${stat%/*}/cmdline"
    case $said in *amd-smi* | *rocm-smi* | *rocm_smi*) return 0 ;; esac
  done
  return 1
}
await_amd_tool() {
  amd_tool_hangs || return 0
  run sleep 2
  while amd_tool_hangs; do
    printf '#wedged\n'
    run sleep "$restart"
  done
}
amdsmi_worker() {
  be_worker
  listed= what='-u -p -t -m'
  while :; do
    await_amd_tool
    if [ -z "$listed" ]; then
      run_block "$slow_every" amd-list $group "$amd_tool" list --json
      if [ "$code" != 0 ]; then run sleep "$restart"; continue; fi
      listed=1
      run_block "$slow_every" amd-static $group "$amd_tool" static --json
    fi
    run_block "$slow_every" amd-metric $group "$amd_tool" metric --json $what
    # in a virtual machine it knows fewer options
    if [ "$code" != 0 ] && [ -n "$what" ]; then what=; continue; fi
    run_block "$slow_every" amd-process $group "$amd_tool" process --json
    run sleep "$slow_every"
  done
}
rocm_worker() {
  be_worker
  while :; do
    await_amd_tool
    run_block "$slow_every" rocm $group "$amd_tool" ${rocmSmiArguments} --showpids
    run sleep "$slow_every"
  done
}
`.replaceAll("\\$", "$");
