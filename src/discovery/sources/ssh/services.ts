/** What systemd says of its services, without the arguments that they are started with. */
import { systemdProperties } from "../../facts/systemd.js"

/** A command goes on, over blank lines too, until the words that end it. */
const withoutArguments = String.raw`
function ends(line) { return line ~ / ; status=[0-9]+(\/[^ ]*)? }$/ }
inside { if (ends($0)) inside = 0; next }
/^ExecStart=\{ path=/ {
  at = index($0, " ; argv[]=")
  if (at > 0) print substr($0, 1, at) "; argv[]= ; status=0/0 }"
  inside = !ends($0)
  next
}
{ print }`

export const services = `
if ! exists /run/systemd/system; then absent systemd-units
elif units=$(bounded 15 systemctl show --system --no-pager --all --property=${systemdProperties} '*.service' 2>/dev/null); then
  text systemd-units "$(printf '%s\\n' "$units" | awk '${withoutArguments}')"
else denied systemd-units 'systemctl did not answer'; fi
`
