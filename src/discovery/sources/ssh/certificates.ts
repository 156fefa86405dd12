/**
 * The certificates that are served here, as whoever connects from here is shown them. Services write down who connects, so they are asked once an hour, or when
 * others listen.
 */
import { certificatePorts } from "../../facts/certificates.js"

/** The ports in hexadecimal digits, as the kernel's tables have them. */
const wanted = certificatePorts.map((port) => `wanted["${port.toString(16).toUpperCase().padStart(4, "0")}"] = ${port}`)

/** On all addresses, or on the one that is asked. */
const listening = String.raw`
BEGIN { ${wanted.join("; ")} }
$4 == "0A" { split($2, place, ":"); if (place[1] ~ /^(0+|0100007F)$/ && place[2] in wanted) print wanted[place[2]] }`

export const certificates = `
shown() {
  name=$(uname -n)
  for port in $1; do
    said=$(bounded 2 openssl s_client -connect "127.0.0.1:$port" -servername "$name")
    ended=$?
    leaf=$(printf '%s\\n' "$said" | awk '/^-----BEGIN CERT/ { on = 1 } on { print } /^-----END CERT/ { exit }')
    if [ -n "$leaf" ]; then printf '%s\\n%s\\n' "$port" "$leaf"
    elif [ "$ended" -eq 137 ]; then printf '%s ?\\n' "$port"; fi
  done
}
ports=$(cat /proc/net/tcp /proc/net/tcp6 | awk '${listening}' | sort -un | tr '\\n' ' ')
under="$(every 3600) $ports"
if [ -n "$ports" ] && ! has openssl; then denied certificates 'there is no openssl(1) to ask with'
elif ! holds certificates "$under"; then text certificates "$under$nl$(shown "$ports")"; fi
`
