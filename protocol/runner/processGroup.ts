/**
 * sh functions about the process group of a job. `group_ended LEADER` is true when no process of it is left but such
 * as are dead already: in many containers nobody reaps those. `wait_for_group LEADER TENTHS` waits for that.
 */
export const processGroup = `group_ended() {
kill -0 "-$1" 2>/dev/null || return 0
[ -r /proc/self/stat ] || return 1
for h_stat in /proc/[0-9]*/stat; do
h_line=; { read -r h_line <"$h_stat"; } 2>/dev/null
case $h_line in *') '*) ;; '') continue ;; *) return 1 ;; esac
h_line=\${h_line##*') '}
h_group=\${h_line#* }; h_group=\${h_group#* }; h_group=\${h_group%% *}
[ "$h_group" != "$1" ] || case $h_line in [ZX]*) ;; *) return 1 ;; esac
done
}
wait_for_group() {
h_waited=0
while [ "$h_waited" -lt "$2" ] && ! group_ended "$1"; do
if sleep 0.1 2>/dev/null; then h_waited=$((h_waited+1)); else sleep 1; h_waited=$((h_waited+10)); fi
done
}`;
