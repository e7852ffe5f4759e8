/** The part of the probe's script that reads a Mac, by its own tools and without root. POSIX sh. */
export const macShellFunctions = String.raw`
darwin_worker() {
  be_worker
  run_aside sysctl hw.memsize kern.boottime kern.bootsessionuuid
  run_aside sysctl iogpu.wired_limit_mb
  run_aside ioreg -rd1 -c IOPlatformExpertDevice
  while :; do
    run_aside vm_stat
    printf 'T\n'
    run sleep "$every"
  done
}
run_aside() {
  run "$@" >&7
}

# Apart, since the drivers may hang
mac_worker() {
  be_worker
  if mac_hangs; then run sleep 2; fi
  while mac_hangs; do
    printf '#wedged\n'
    run sleep "$restart"
  done
  # takes up to two seconds: once after the machine's start
  boot=$(sysctl -n kern.bootsessionuuid)
  if [ -z "$boot" ] || [ "$boot" != "$listed_boot" ]; then
    run_block "$every" displays system_profiler SPDisplaysDataType -json
  fi
  while :; do
    run_block "$every" accelerators ioreg -r -d 1 -w 0 -c IOAccelerator
    run sleep "$every"
  done
}
# U: in the kernel, for a moment or for ever, and cannot be ended
mac_hangs() {
  ps -axo stat=,comm= | {
    while read -r state name; do
      case $state,$name in U*,ioreg | U*,*/ioreg) exit 0 ;; esac
    done
    exit 1
  }
}
`.replaceAll("\\$", "$");
