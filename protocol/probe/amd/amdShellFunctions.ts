/**
 * The part of the probe's script that reads AMD's GPUs: the driver's files in /sys, by the shell alone. POSIX sh. A GPU
 * that sleeps is left so: most of its files would wake it.
 */
export const amdShellFunctions = String.raw`
amd_here() {
  for device in "$sys"/bus/pci/drivers/amdgpu/*:*:*; do
    if [ -e "$device/mem_info_vram_total" ]; then return 0; fi
  done
  return 1
}

# A card's name: by its maker, else by the list that comes with the graphics library; without a process
amd_names() {
  tab=$(printf '\t')
  for device in "$sys"/bus/pci/drivers/amdgpu/*:*:*; do
    [ -e "$device/mem_info_vram_total" ] || continue
    name= id= revision=
    state=active
    read -r state <"$device/power/runtime_status"
    case $state in suspend*) ;; *) IFS= read -r name <"$device/product_name" ;; esac
    read -r id <"$device/device"
    read -r revision <"$device/revision"
    case $name,$id,$revision in ,0x*,0x*) amd_listed_name "$id" "$revision" ;; esac
    printf 'D %s is %s\n' "\${device##*/}" "$name"
  done
  for node in "$sys"/class/kfd/kfd/topology/nodes/*; do
    gpu=0
    read -r gpu <"$node/gpu_id" || continue
    [ "$gpu" != 0 ] || continue
    place= domain=0
    while read -r key value; do
      case $key in location_id) place=$value ;; domain) domain=$value ;; esac
    done <"$node/properties"
    case $place,$domain in *[!0-9,]* | ,* | *,) continue ;; esac
    printf 'D %04x:%02x:%02x.0 kfd %s\n' "$domain" $((place >> 8 & 255)) $((place >> 3 & 31)) "$gpu"
  done
}
amd_listed_name() {
  for list in $amd_lists; do
    [ -r "$list" ] || continue
    # "744C,<tab>C8,<tab>AMD Radeon RX 7900 XTX"
    while IFS=",$tab" read -r listed_id listed_revision listed_name; do
      case $listed_id,$listed_revision in *[!0-9A-Fa-f,]* | ,* | *,) continue ;; esac
      [ "$((0x$listed_id)),$((0x$listed_revision))" = "$(($1)),$(($2))" ] || continue
      name=$listed_name
      return
    done <"$list"
  done
}

cell() {
  value=
  read -r value <"$1" || value=-
  cells="$cells \${value:--}"
}
first_cell() {
  for file; do
    if [ -e "$file" ]; then cell "$file"; return; fi
  done
  cells="$cells -"
}
# Whether a shell of this login hangs, as one of ours in the driver would: it cannot be ended, and another one would hang too.
shell_hangs() {
  for stat in "$proc"/[0-9]*/stat; do
    IFS= read -r line <"$stat" || continue
    case $line in *'(sh) D '* | *'(busybox) D '*) ;; *) continue ;; esac
    while read -r key value rest; do
      if [ "$key" = Uid: ]; then break; fi
    done <"\${stat%/*}/status"
    if [ "\${value%%[!0-9]*}" = "$own_uid" ]; then hung="$hung \${line%% *}"; fi
  done
}
amd_worker() {
  be_worker
  known=' ' users=' ' handed=0 rows=0 unasked=60
  while :; do
    hung=
    shell_hangs
    [ -n "$hung" ] || break
    run sleep 2
    before="$hung "
    hung=
    shell_hangs
    stuck=
    for pid in $hung; do case $before in *" $pid "*) stuck=1 ;; esac; done
    [ -n "$stuck" ] || break
    printf 'D - wedged\n'
    run sleep "$restart"
  done
  amd_names
  while :; do
    pause=$every may_sleep= works=
    rows=$((rows + 1))
    if [ "$rows" -ge 100 ]; then rows=0 handed=0; fi
    amd_cells
    # one that can sleep does so only when it is not asked all the time
    if [ -n "$may_sleep" ] && [ -z "$works" ]; then pause=$sleepy_every; fi
    if [ "$unasked" -ge 60 ]; then unasked=0; amd_errors; fi
    unasked=$((unasked + pause))
    printf 'D - end %s\n' "$pause"
    run sleep "$pause"
  done
}

# Memory errors that could not be corrected, by the parts of a card that count them ("ue: 0"); seldom, since it asks them all
amd_errors() {
  for device in "$sys"/bus/pci/drivers/amdgpu/*:*:*; do
    [ -e "$device/mem_info_vram_total" ] || continue
    state=active
    read -r state <"$device/power/runtime_status"
    case $state in suspend*) continue ;; esac
    errors=
    for file in "$device"/ras/*_err_count; do
      key= value=
      read -r key value rest <"$file" || continue
      case $key,$value in ue:,*[!0-9]* | ue:,) continue ;; ue:,*) errors=$((\${errors:-0} + value)) ;; esac
    done
    if [ -n "$errors" ]; then printf 'D %s errors %s\n' "\${device##*/}" "$errors"; fi
  done
}
amd_cells() {
  for device in "$sys"/bus/pci/drivers/amdgpu/*:*:*; do
    [ -e "$device/mem_info_vram_total" ] || continue
    state=active
    read -r state <"$device/power/runtime_status"
    case $state in suspend*) printf 'D %s asleep\n' "\${device##*/}"; continue ;; esac
    cells=
    control=
    read -r control <"$device/power/control"
    if [ "$control" = auto ]; then may_sleep=1; fi
    value=0
    first_cell "$device/gpu_busy_percent"
    case $value in 0 | -) ;; *) works=1 ;; esac
    for file in mem_info_vram_total mem_info_vram_used mem_info_gtt_total mem_info_gtt_used; do
      first_cell "$device/$file"
    done
    for sensors in "$device"/hwmon/hwmon*; do break; done
    first_cell "$sensors/temp1_input" "$sensors/temp2_input"
    first_cell "$sensors/power1_average" "$sensors/power1_input"
    first_cell "$sensors/power1_cap"
    printf 'D %s at%s\n' "\${device##*/}" "$cells"
  done
  [ -r "$sys/class/kfd/kfd/proc" ] || return 0
  printf 'D - listed\n'
  for file in "$sys"/class/kfd/kfd/proc/*/vram_*; do
    value=
    read -r value <"$file"
    if [ -z "$value" ]; then
      if [ -e "$file" ]; then printf 'D - hidden\n'; fi
      continue
    fi
    [ "$value" != 0 ] || continue
    used=$value
    owner=\${file%/*}
    owner=\${owner##*/}
    name=
    # In a container these numbers are other processes' there.
    if [ -n "$whole" ]; then
      IFS= read -r name <"$proc/$owner/comm"
      whose "$owner" ""
    fi
    printf 'D - by %s %s %s %s\n' "\${file##*/vram_}" "$owner" "$used" "$name"
  done
}
`.replaceAll("\\$", "$");
