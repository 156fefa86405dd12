/**
 * What every part of the collector's program is written with: a POSIX shell under the C locale, no file written, nothing read from the
 * standard input, which is the program itself.
 *
 * An answer is framed by lines that begin with the run's token; of a text the line says how many bytes follow it, so no text can be
 * taken for a frame. A process costs a thousand times what a builtin does, and a packet for every line as much again at the other end,
 * so short frames are gathered and nothing is piped that a pattern can tell.
 */
import { largestText } from "./limits.js"

const worthSending = 8_192

export const prelude = `
nl='
'
answer=
say() {
  frames=$((frames + 1))
  answer="$answer#$token $*$nl"
}
flush() {
  printf %s "$answer"
  answer=
}
absent() { say "$1" absent; }
denied() { say "$1" denied "$2"; }
# A text, and why it is not all of it.
text() {
  if [ "\${#2}" -gt ${largestText} ]; then denied "$1" 'longer than ${largestText / 2 ** 20} MiB'; return; fi
  if [ -n "$3" ]; then say "$1" partial "\${#2}" "$3"
  else
    case $known in *" $1="*)
      digest=$(printf %s "$2" | sha256sum 2>/dev/null)
      case $known in *" $1=\${digest%% *} "*) say "$1" same; return ;; esac ;;
    esac
    say "$1" text "\${#2}"
  fi
  answer="$answer$2$nl"
  if [ "\${#answer}" -gt ${worthSending} ]; then flush; fi
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
exists() { [ -e "$1" ] || [ -L "$1" ]; }
has() { command -v "$1" >/dev/null 2>&1; }
# \`bounded SECONDS COMMAND…\`. What can have failed because timeout(1) is called otherwise, or is not there, is tried in the other ways.
bounded() {
  timeout -s KILL "$@"
  ended=$?
  case $ended in 1|12[567]) ;; *) return "$ended" ;; esac
  if timeout -s KILL 9 true; then return "$ended"; fi
  if timeout -s KILL -t 9 true; then timeout -s KILL -t "$@"; return; fi
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
}
`
