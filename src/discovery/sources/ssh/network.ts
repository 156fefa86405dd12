/** The interfaces, by one `awk` over what /sys says of them, and their addresses, which only iproute2 or busybox's `ip` can list. */

const attributes = String.raw`
function word(path,  line, got) {
  line = ""
  got = (getline line < path)
  close(path)
  gsub(/^[ \t]+|[ \t]+$/, "", line)
  return got < 0 ? "?" : line == "" ? "-" : line
}
{
  name = $0
  sub(/.*\//, "", name)
  if (name ~ /^(veth|tap|fwbr|fwpr|fwln|ifb)/) next
  address = word($0 "/address")
  # bonding_masters is a file among them, and an interface may have gone in between.
  if (address == "?" && word($0 "/mtu") == "?") next
  print name, address, word($0 "/mtu"), word($0 "/operstate"), word($0 "/statistics/rx_bytes"), word($0 "/statistics/tx_bytes")
}`

const ipv4 = String.raw`
$3 == "inet" {
  name = $2; address = $4
  sub(/[@:].*/, "", name)
  if ($5 == "peer") { split($6, peer, "/"); address = $4 "/" peer[2] }
  print name, (address ~ /\//) ? address : address "/32"
}`

export const network = `
if [ -d /sys/class/net ]; then text interfaces "$(printf '%s\\n' /sys/class/net/* | awk '${attributes}')"; else absent interfaces; fi
if ! has ip; then denied addresses 'there is no ip(8) to ask'
elif listed=$(bounded 5 ip -o -4 addr show 2>/dev/null); then text addresses "$(printf '%s\\n' "$listed" | awk '${ipv4}')"
else denied addresses 'ip(8) did not answer'; fi
file addresses6 /proc/net/if_inet6
file routes /proc/net/route
file routes6 /proc/net/ipv6_route
file resolv /etc/resolv.conf
`
