/** What protects the host. Whoever may not see a part of it is denied that part, and not told that there is none. */
import { sshdSettings } from "../../facts/security.js"

export const hostKeys = `
value=$(awk 'NF >= 2 { print $1, $2 }' /etc/ssh/ssh_host_*_key.pub 2>&1)
result host-keys $? "$value"
`

export const sshd = `
if ! has sshd; then absent sshd
elif [ "$(id -u)" -ne 0 ]; then denied sshd 'only root can ask sshd for its settings'
elif settings=$(bounded 5 "$(command -v sshd)" -T 2>/dev/null); then
  text sshd "$(printf '%s\\n' "$settings" | awk '/^(${sshdSettings.join("|")}) /')"
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

export const firewall = `
rules() {
  if has nft; then
    listed=$({ bounded 5 nft -t list ruleset || bounded 5 nft list ruleset; } 2>&1) || return
    printf '%s\\n' "$listed" | awk '${filtersByNft}'
  fi
  if has iptables-save; then
    listed=$(bounded 5 iptables-save 2>/dev/null) || return
    printf '%s\\n' "$listed" | awk '${filtersByIptables}'
  fi
}
if grep -q '^ENABLED=yes' /etc/ufw/ufw.conf 2>/dev/null; then text firewall ufw
elif has firewall-cmd && has systemctl && bounded 5 systemctl is-active --quiet firewalld; then text firewall firewalld
elif ! has nft && ! has iptables-save; then absent firewall
elif [ "$(id -u)" -ne 0 ]; then denied firewall 'only root can list the rules'
elif ! filters=$(rules); then denied firewall 'the rules could not be listed'
elif [ -n "$filters" ]; then text firewall "\${filters%%"$nl"*}"
else absent firewall; fi
`

/** Whoever is not shown the processes of others must not conclude that it does not run. */
export const audit = `
if ! has auditd; then absent audit
elif ! [ -r /proc/1/comm ]; then denied audit 'processes of other users are hidden'
else
  daemon=$(head -n 1 /run/auditd.pid 2>/dev/null || head -n 1 /var/run/auditd.pid 2>/dev/null)
  if [ -n "$daemon" ] && [ "$(head -n 1 "/proc/$daemon/comm" 2>/dev/null)" = auditd ]; then text audit running; else text audit stopped; fi
fi
`
