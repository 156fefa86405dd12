/** What protects the host. Whoever may not see a part of it is denied that part, and not told that there is none. */
import { sshdSettings } from "../../facts/security.js"

export const hostKeys = `
value=$(awk 'NF >= 2 { print $1, $2 }' /etc/ssh/ssh_host_*_key.pub 2>&1)
result host-keys $? "$value"
`

/** Files that sshd is told to read, other than those that `sshdFiles` are, so that its settings do not rest on these alone. */
const includesOthers = String.raw`
tolower($1) ~ /^include/ {
  if (tolower($1) != "include") other = 1
  for (at = 2; at <= NF; at++)
    if ($at !~ /^(\/etc\/ssh\/)?sshd_config\.d\/[^\/]*$/ && $at != "/etc/crypto-policies/back-ends/opensshserver.config") other = 1
}
END { exit !other }`

export const sshdFiles =
  "/etc/ssh /etc/ssh/sshd_config /etc/ssh/sshd_config.d /etc/ssh/sshd_config.d/* /etc/crypto-policies/back-ends/opensshserver.config /usr/sbin/sshd /usr/local/sbin/sshd"

export const sshd = `
if ! has sshd; then absent sshd
elif [ "$uid" -ne 0 ]; then denied sshd 'only root can ask sshd for its settings'
elif settings=$(bounded 5 "$(command -v sshd)" -T 2>/dev/null); then
  text sshd "$(printf '%s\\n' "$settings" | awk '/^(${sshdSettings.join("|")}) /')"
  if cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/* 2>/dev/null | awk '${includesOthers}'; then terms=; fi
else denied sshd 'sshd cannot use its own settings'; fi
`

/** A chain that what comes in goes through, and that drops some of it. What fail2ban adds comes and goes. */
const filtersByNft = String.raw`
/managed by iptables-nft/ { for (at = 1; at < NF; at++) if ($at == "table") managed[$(at + 1) " " $(at + 2)] = 1 }
/^table / { ours = $3 !~ /^f2b/; kind = (($2 " " $3) in managed) ? "iptables" : "nftables" }
/^\tchain / { input = 0 }
ours && / hook input / { input = 1 }
input && /(policy drop|[ \t](drop|reject)( |;|$))/ { found = kind }
END { if (found != "") print found }`

/** Not asked for a table by name, for which an old one would load a module. */
const filtersByIptables =
  '/^:INPUT DROP/ || /^-A INPUT .*-j (DROP|REJECT)/ { found = 1 } END { if (found) print "iptables" }'

/** Most rules drop nothing, which a pattern sees. Whoever asks the kernel alone needs no time limit, but for sets that may be of any size. */
export const firewall = `
rules() {
  filters=
  if has nft; then
    listed=$({ bounded 5 nft -t list ruleset || bounded 5 nft list ruleset; } 2>&1) || return
    case $listed in *drop*|*reject*) filters=$(printf '%s\\n' "$listed" | awk '${filtersByNft}') ;; esac
  fi
  if [ -z "$filters" ] && has iptables-save; then
    listed=$(iptables-save) || return
    case $listed in *DROP*|*REJECT*) filters=$(printf '%s\\n' "$listed" | awk '${filtersByIptables}') ;; esac
  fi
}
if [ -r /etc/ufw/ufw.conf ] && grep -q '^ENABLED=yes' /etc/ufw/ufw.conf; then text firewall ufw
elif has firewall-cmd && has systemctl && bounded 5 systemctl is-active --quiet firewalld; then text firewall firewalld
elif ! has nft && ! has iptables-save; then absent firewall
elif [ "$uid" -ne 0 ]; then denied firewall 'only root can list the rules'
elif ! rules; then denied firewall 'the rules could not be listed'
elif [ -n "$filters" ]; then text firewall "$filters"
else absent firewall; fi
`

/** Whoever is not shown the processes of others must not conclude that it does not run. */
export const audit = `
if ! has auditd; then absent audit
elif ! [ -r /proc/1/comm ]; then denied audit 'processes of other users are hidden'
else
  daemon= command=
  for each in /run/auditd.pid /var/run/auditd.pid; do
    if [ -z "$daemon" ] && [ -r "$each" ]; then read -r daemon <"$each"; fi
  done
  if [ -n "$daemon" ]; then read -r command <"/proc/$daemon/comm"; fi
  if [ "$command" = auditd ]; then text audit running; else text audit stopped; fi
fi
`

/** Where private keys are, as words of a shell. */
const keyPlaces =
  "/etc/ssh/ssh_host_*_key /etc/ssl/private/* /etc/pki/tls/private/* /etc/letsencrypt/archive/*/privkey*.pem /etc/nginx/*.key /etc/nginx/ssl/*.key /etc/apache2/ssl/*.key /etc/wireguard/* /etc/openvpn/*.key /root/.ssh/id_* /home/*/.ssh/id_*"

/** By their modes, and those of the folders that lead to them; none is opened. */
export const readableKeys = `
if [ "$uid" -ne 0 ]; then denied readable-keys 'only root sees all keys'
else
  set --
  for each in ${keyPlaces}; do
    case $each in *.pub) ;; *) if [ -f "$each" ]; then set -- "$@" "$each"; fi ;; esac
  done
  listed= open=
  if [ $# -gt 0 ]; then listed=$(stat -L -c '%A %n' "$@" | awk '/^-......r/'); fi
  IFS=$nl
  set -f
  for each in $listed; do
    name=\${each#* }
    folder=\${name%/*}
    while [ -n "$folder" ]; do
      case $(stat -L -c %A "$folder") in *[xt]) folder=\${folder%/*} ;; *) name= folder= ;; esac
    done
    if [ -n "$name" ]; then open="$open$name$nl"; fi
  done
  set +f
  unset IFS
  text readable-keys "\${open%"$nl"}"
fi
`
