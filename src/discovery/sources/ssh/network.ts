/** The interfaces, by what /sys says of them, and their addresses, which only iproute2 or busybox's `ip` can list. */
import type { Part } from "./sight.js"

export const interfaces: Part = {
  functions: [
    String.raw`
function word(path,  line, got) {
  line = ""
  got = (getline line < path)
  close(path)
  gsub(/^[ \t]+|[ \t]+$/, "", line)
  return got < 0 ? "?" : line == "" ? "-" : line
}
function interface(at,  name, mac, mtu) {
  name = at
  sub(/.*\//, "", name)
  if (name ~ /^(veth|tap|fwbr|fwpr|fwln|ifb)/) return ""
  mac = word(at "/address")
  mtu = word(at "/mtu")
  # bonding_masters is a file among them, and an interface may have gone in between.
  if (mac == "?" && mtu == "?") return ""
  return name " " mac " " mtu " " word(at "/operstate") " " word(at "/statistics/rx_bytes") " " word(at "/statistics/tx_bytes") "\n"
}`,
  ],
  main: String.raw`
  if ("interfaces" in path) {
    all = ""
    for (at = 1; at < ARGC; at++) if (ARGV[at] ~ /^\/sys\/class\/net\//) all = all interface(ARGV[at])
    sub(/\n$/, "", all)
    text("interfaces", all)
    delete path["interfaces"]
  }`,
}

export const lookAtNetwork = `
if [ -d /sys/class/net ]; then files="$files interfaces=/sys/class/net /sys/class/net/*"; else absent interfaces; fi
look addresses6 /proc/net/if_inet6
look routes /proc/net/route
look routes6 /proc/net/ipv6_route
look resolv /etc/resolv.conf
`

/** Whoever asks the kernel alone needs no time limit. */
export const addresses = `
address() {
  if [ "$3" != inet ]; then return; fi
  own=$4
  if [ "$5" = peer ]; then own=$4/\${6##*/}; fi
  case $own in */*) ;; *) own=$own/32 ;; esac
  all="$all$nl\${2%%[@:]*} $own"
}
if ! has ip; then denied addresses 'there is no ip(8) to ask'
elif listed=$(ip -o -4 addr show); then
  all=
  IFS=$nl
  set -f
  set -- $listed
  unset IFS
  for each do address $each; done
  set +f
  text addresses "\${all#"$nl"}"
else denied addresses 'ip(8) did not answer'; fi
`
