/**
 * What every part of the collector's program is written with: a POSIX shell under the C locale, no file written, nothing read from the
 * standard input, which is the program itself.
 *
 * An answer is framed by lines that begin with the run's token; of a text the line says how many bytes follow it, so no text can be
 * taken for a frame.
 */
import { largestText, longestReason } from "./limits.js"

export const prelude = `
say() {
  frames=$((frames + 1))
  printf '#%s %s\\n' "$token" "$*"
}
absent() { say "$1" absent; }
denied() {
  reason=$(printf '%.${longestReason}s' "$2" | tr '\\001-\\037\\177' ' ')
  say "$1" denied "$reason"
}
# A text, and why it is not all of it.
text() {
  if [ "\${#2}" -gt ${largestText} ]; then denied "$1" 'longer than ${largestText / 2 ** 20} MiB'; return; fi
  if [ -n "$3" ]; then say "$1" partial "\${#2}" "$3"; printf '%s\\n' "$2"; return; fi
  case $known in *" $1="*)
    digest=$(printf %s "$2" | sha256sum 2>/dev/null)
    case $known in *" $1=\${digest%% *} "*) say "$1" same; return ;; esac ;;
  esac
  say "$1" text "\${#2}"
  printf '%s\\n' "$2"
}
# What a command that reads files printed, or what it had to say of them.
result() {
  if [ "$2" -eq 0 ]; then text "$1" "$3"; return; fi
  case $3 in
    *'No such file'*|*'Not a directory'*|*'No such process'*) absent "$1" ;;
    *'ermission denied'*|*'not permitted'*) denied "$1" 'permission denied' ;;
    *) denied "$1" 'it could not be read' ;;
  esac
}
slurp() { head -c ${largestText + 1} "$1" 2>&1; }
file() { value=$(slurp "$2"); result "$1" $? "$value"; }
exists() { [ -e "$1" ] || [ -L "$1" ]; }
has() { command -v "$1" >/dev/null 2>&1; }
# \`bounded SECONDS COMMAND…\`
if timeout -s KILL 9 true 2>/dev/null; then
  bounded() { timeout -s KILL "$@"; }
elif timeout -s KILL -t 9 true 2>/dev/null; then
  bounded() { timeout -s KILL -t "$@"; }
else
  bounded() {
    patience=$1
    shift
    "$@" &
    worker=$!
    (
      while [ "$patience" -gt 0 ]; do
        sleep 1
        kill -0 "$worker" || exit
        patience=$((patience - 1))
      done
      kill -9 "$worker"
    ) >/dev/null 2>&1 &
    wait "$worker"
    status=$?
    return "$status"
  }
fi
tab=$(printf '\\t')
nl='
'
`
