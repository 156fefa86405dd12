/**
 * The certificates that are served here, as whoever connects from here is shown them. Services write down who connects, so they are asked once an hour, or when
 * others listen.
 */

/** `ports` are those that listen, with a plus between them: the terms of its own that the text begins with. */
export const certificates = `
shown() {
  name=$(uname -n)
  for port in $(printf %s "$1" | tr + ' '); do
    said=$(bounded 2 openssl s_client -connect "127.0.0.1:$port" -servername "$name")
    ended=$?
    leaf=$(printf '%s\\n' "$said" | awk '/^-----BEGIN CERT/ { on = 1 } on { print } /^-----END CERT/ { exit }')
    if [ -n "$leaf" ]; then printf '%s\\n%s\\n' "$port" "$leaf"
    elif [ "$ended" -eq 137 ]; then printf '%s ?\\n' "$port"; fi
  done
}
if [ -z "$ports" ]; then text certificates ''
elif ! has openssl; then denied certificates 'there is no openssl(1) to ask with'
else text certificates "$ports$nl$(shown "$ports")"; fi
`
