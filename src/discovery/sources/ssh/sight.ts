/**
 * What is looked at each time, as it changes by itself: one `awk` over files of /proc and /sys, which prints its frames as it goes and, to the shell, notes of what
 * that has to ask further: how many frames these were, the ports and the mounts.
 *
 * Records end at a byte that texts do not have when a file is read whole, as lines put together one by one take time squared.
 */
import { largestText } from "./limits.js"

const functions = String.raw`
function say(words) { frames++; print "#" token " " words }
function denied(name, why) { say(name " denied " why) }
function text(name, value, why) {
  if (length(value) > ${largestText}) { denied(name, "longer than ${largestText / 2 ** 20} MiB"); return }
  if (why != "") say(name " partial " length(value) " " why)
  else say(name " text " length(value))
  print value
}
function note(words) { print words > "/proc/self/fd/3" }
function content(path,  all, part, parts) {
  all = ""; parts = 0; RS = "\001"
  while ((got = (getline part < path)) > 0 && length(all) <= ${largestText}) all = parts++ ? all RS part : part
  close(path)
  RS = "\n"
  sub(/\n+$/, "", all)
  return all
}
function file(name,  all) {
  all = content(path[name])
  if (got < 0) denied(name, "it could not be read"); else text(name, all)
  return all
}`

/** Those that are there and may be read are left to `awk`: `look NAME PATH`. */
export const looking = `
files= unchanged=
look() {
  if ! exists "$2"; then absent "$1"
  elif [ -r "$2" ]; then files="$files $1=$2"
  else denied "$1" 'permission denied'; fi
}
`

/** What is understood by more than saying it as it is. */
export interface Part {
  /** Functions of `awk`, which parts may share. */
  readonly functions: readonly string[]
  /** Statements, which take what they answer out of `path`. */
  readonly main: string
}

export function sight(parts: readonly Part[]): string {
  return `
flush
{
notes=$(holders=$told_holders unchanged=$unchanged awk -v token="$token" '${functions}
${[...new Set(parts.flatMap((part) => part.functions))].join("\n")}
BEGIN {
  for (at = 1; at < ARGC; at++) {
    if (ARGV[at] ~ /^\\//) continue
    cut = index(ARGV[at], "=")
    path[substr(ARGV[at], 1, cut - 1)] = substr(ARGV[at], cut + 1)
  }
${parts.map(({ main }) => main).join("\n")}
  for (name in path) file(name)
  note("frames " frames + 0)
}' $files 3>&1 >&4 4>&-)
} 4>&1
IFS=$nl
set -f
set -- $notes
set +f
unset IFS
ports= mounts= mounted=
for note do
  case $note in
    'frames '*) frames=$((frames + \${note#* })) ;;
    'ports '*) ports=\${note#* } ;;
    'mounts '*) mounts=\${note#* } ;;
    'mount '*) mounted="$mounted$nl\${note#* }" ;;
  esac
done
`
}
