/**
 * The part of the probe's script that asks `nvidia-smi` for the instances of divided GPUs (MIG), which its query does not speak
 * of: who they are at the start and when the driver shows others, and now and then what they do. POSIX sh. Where nothing can be
 * divided there is no such worker, nor its loop.
 */
export const migShellFunctions = String.raw`
mig_here() {
  for folder in "$proc"/driver/nvidia/capabilities/gpu*/mig; do
    if [ -d "$folder" ]; then return 0; fi
  done
  return 1
}
mig_worker() {
  be_worker
  seen=-
  while :; do
    now=
    for instance in "$proc"/driver/nvidia/capabilities/gpu*/mig/gi*/ci*; do
      if [ -e "$instance" ]; then now="$now $instance"; fi
    done
    if [ "$now" != "$seen" ]; then
      await_driver nvidia-smi
      run_block "$slow_every" list $group "$tool" -L
      if [ "$code" = 0 ]; then seen=$now; fi
    fi
    if [ -n "$now" ]; then
      await_driver nvidia-smi
      run_block "$slow_every" parts $group "$tool" -q
    else
      printf '#begin %s parts\n#end 0\n' "$slow_every"
    fi
    run sleep "$slow_every"
  done
}

# What nvidia-smi -q says of instances and of the processes there, a line for each; its lists are passed on
tag_mig() {
  block=
  while read -r one two three four rest; do
    case $one in
      '#begin') block=$three device= memory= bus= ; printf 'N %s %s %s\n' "$one" "$two" "$three"; continue ;;
      '#'*) block= ; printf 'N %s %s\n' "$one" "$two"; continue ;;
    esac
    case $block in
      list) printf 'N %s %s %s %s %s\n' "$one" "$two" "$three" "$four" "$rest" ;;
      parts) mig_part ;;
    esac
  done
}
mig_part() {
  case $one,$two,$three in
    GPU,*:*:*.*,) bus=$two device= ;;
    GPU,[Ii]nstance,ID) gi=$rest ;;
    Compute,[Ii]nstance,ID) ci=$rest ;;
    MIG,Device,) device=1 index= gi= ci= total=- ;;
    Index,:,*) index=$three ;;
    Shared,FB,* | FB,Memory,*) memory=1 ;;
    Shared,* | BAR1,*) memory= ;;
    Total,:,*) if [ -n "$memory" ]; then total=$three; fi ;;
    Used,:,*)
      if [ -n "$device" ] && [ -n "$memory" ]; then
        printf 'N part %s %s %s %s %s %s\n' "$bus" "$index" "$gi" "$ci" "$total" "$three"
        device= memory=
      fi
      ;;
    Processes,*) gi= ci= pid= ;;
    Process,ID,*) pid=$four name= ;;
    Name,:,*) name="$three $four $rest" ;;
    Used,GPU,Memory)
      case $gi,$ci in
        *[!0-9,]* | ,* | *,) ;;
        *) printf 'N by %s %s %s %s %s %s\n' "$bus" "$gi" "$ci" "$pid" "\${rest%% *}" "$name" ;;
      esac
      ;;
  esac
}
`.replaceAll("\\$", "$");
