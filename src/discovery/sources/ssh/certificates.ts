/**
 * The certificates that are served here, as whoever connects from here is shown them, and which versions of TLS are spoken there. Services write down who connects, so
 * they are asked once an hour, or when others listen.
 */

/** `ports` are those that listen, with a plus between them: the terms of its own that the text begins with. */
export const certificates = `
# \`spoken PORT NAME OPTION\`: yes, no, or nothing where openssl here does not speak it itself.
spoken() {
  said=$(bounded 2 openssl s_client -connect "127.0.0.1:$1" -servername "$2" "$3" -cipher 'ALL:@SECLEVEL=0' 2>&1)
  case $said in
    *'no protocols available'*|*'nknown option'*|*'with command'*|*'no cipher match'*) ;;
    *'Cipher is (NONE)'*) echo no ;;
    *'Cipher is '*) echo yes ;;
  esac
}
shown() {
  name=$(uname -n)
  for port in $(printf %s "$1" | tr + ' '); do
    said=$(bounded 2 openssl s_client -connect "127.0.0.1:$port" -servername "$name")
    ended=$?
    leaf=$(printf '%s\\n' "$said" | awk '/^-----BEGIN CERT/ { on = 1 } on { print } /^-----END CERT/ { exit }')
    if [ -n "$leaf" ]; then
      printf '%s\\n%s\\n' "$port" "$leaf"
      for version in 1.0=-tls1 1.1=-tls1_1 1.2=-tls1_2 1.3=-tls1_3; do
        printf 'tls %s %s %s\\n' "$port" "\${version%=*}" "$(spoken "$port" "$name" "\${version#*=}")"
      done
    elif [ "$ended" -eq 137 ]; then printf '%s ?\\n' "$port"; fi
  done
}
if [ -z "$ports" ]; then text certificates ''
elif ! has openssl; then denied certificates 'there is no openssl(1) to ask with'
else text certificates "$ports$nl$(shown "$ports")"; fi
`
