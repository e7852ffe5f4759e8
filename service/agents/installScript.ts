/**
 * The POSIX shell text that sets an agent up: it looks for Node.js 22 or newer, takes the agent's file from its standard
 * input (a line `BYTES NAME`, then so many bytes), then the join link, joins, and installs. Each thing is sent only when it
 * is asked for, since a shell may read ahead. The link is in no argument list.
 *
 * It says, in lines that begin with the nonce: `program node PATH`, or `program none SYSTEM MACHINE` as `uname` names
 * them, then `send`, `got`, and `end CODE`; all else is what the steps printed.
 */
export function installScript(nonce: string): string {
  return `{
umask 077
d="$HOME/.hwledger/agent"
say() { printf '%s %s\\n' '${nonce}' "$*"; }
setup() {
  mkdir -p "$d" || return 1
  n=
  for c in node "$HOME/.local/bin/node" "$HOME"/.nvm/versions/node/*/bin/node /usr/local/bin/node /opt/homebrew/bin/node /usr/bin/node; do
    p=$(command -v "$c") || continue
    v=$("$p" -p 'process.versions.node.split(".")[0]' </dev/null 2>/dev/null) || continue
    [ "$v" -ge 22 ] 2>/dev/null || continue
    n=$p
    break
  done
  if [ -n "$n" ]; then say program node "$n"; else say program none "$(uname -s)" "$(uname -m)"; fi
  read -r bytes name || return 1
  [ "$bytes" -gt 0 ] 2>/dev/null || return 1
  say send
  head -c "$bytes" >"$d/new-$name" || return 1
  size=$(wc -c <"$d/new-$name")
  [ "$size" -eq "$bytes" ] || { echo "only $size of $bytes bytes of the agent could be written"; return 1; }
  chmod 700 "$d/new-$name" || return 1
  say got
  read -r link || return 1
  # what is there is replaced only once this one has joined: it may be another fleet's
  if [ -n "$n" ]; then set -- "$n" "$d/new-$name"; else set -- "$d/new-$name"; fi
  printf '%s\\n' "$link" | "$@" join || { rm -f "$d/new-$name"; return 1; }
  mv -f "$d/new-$name" "$d/$name" || return 1
  if [ -n "$n" ]; then set -- "$n" "$d/$name"; else set -- "$d/$name"; fi
  "$@" install </dev/null || return 1
}
setup 2>&1
say end "$?"
exit
}
`;
}
