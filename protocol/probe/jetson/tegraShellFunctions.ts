/** The part of the probe's script that runs a Jetson's `tegrastats`. POSIX sh. */
export const tegraShellFunctions = String.raw`
find_tegra() {
  for tegra in "$(command -v tegrastats)" $tegra_paths; do
    if [ -f "$tegra" ] && [ -x "$tegra" ]; then return 0; fi
  done
  return 1
}
tegra_worker() {
  be_worker
  while :; do
    await_driver tegrastats
    printf '#run %s\n' "$every"
    run $group "$tegra" --interval "\${every}000"
    printf '#exit %s\n' "$code"
    run sleep "$restart"
  done
}
`.replaceAll("\\$", "$");
