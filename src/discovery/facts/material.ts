/**
 * What a Linux machine has to say, before anybody understands it: texts under fixed names, as read from /proc, /sys, /etc or a command.
 * How they are fetched is the source's business; what they mean is the same for every source, so the functions beside this file are pure.
 *
 * Most are a file as it is. The others have formats of lines and words that a POSIX shell can write as well; in those `-` is a value
 * that is not there and `?` one that could not be seen.
 */

const fileMaterials = [
  /** /etc/os-release, else /usr/lib/os-release. */
  "os-release",
  /** /proc/sys/kernel/osrelease */
  "kernel",
  /** /proc/sys/kernel/random/boot_id */
  "boot-id",
  /** `uname -m` */
  "architecture",
  /** /proc/sys/kernel/hostname */
  "hostname",
  /** /etc/hosts */
  "hosts",
  /** /etc/machine-id */
  "machine-id",
  /** /sys/class/dmi/id/product_uuid */
  "smbios-uuid",
  /** /sys/class/dmi/id/sys_vendor */
  "dmi-vendor",
  /** /sys/class/dmi/id/product_name */
  "dmi-product",
  /** /proc/cpuinfo */
  "cpuinfo",
  /** /sys/devices/system/cpu/online */
  "cpu-online",
  /** /proc/meminfo */
  "meminfo",
  /** /proc/stat; its first line will do. */
  "stat",
  /** The runtime whose container this is, by systemd-detect-virt(1)'s names; absent when it is none. */
  "container",
  /** A line an interface: `<name> <mac> <mtu> <operstate> <rx_bytes> <tx_bytes>`, from /sys/class/net. */
  "interfaces",
  /** A line an IPv4 address: `<interface> <address>/<prefix>`; partial when those of interfaces without link may be left out. */
  "addresses",
  /** /proc/net/if_inet6 */
  "addresses6",
  /** /proc/net/route */
  "routes",
  /** /proc/net/ipv6_route */
  "routes6",
  /** /etc/resolv.conf */
  "resolv",
  /** /proc/self/mountinfo */
  "mounts",
  /**
   * A line for each mount point that is a directory: `<block size> <blocks> <free> <available> <mount point as in mountinfo>`, as
   * `stat -f -c '%S %b %f %a'` of `<mount point>/.` has them. Partial says why there are `?` in it.
   */
  "statfs",
  /** /proc/net/tcp, and so on; those that listen (0A), and of UDP those without a peer (07), will do. */
  "tcp",
  "tcp6",
  "udp",
  "udp6",
  /** /proc/sys/net/ipv4/ip_local_port_range */
  "port-range",
  /**
   * Who holds a socket: tab-separated `<inode> <pid> <effective uid> <cgroup path> <executable> <comm>`, a line for every process that
   * holds one or for the lowest pid only. Partial when there were processes whose sockets could not be seen.
   */
  "socket-owners",
  /** /etc/passwd; its first and third fields will do. */
  "passwd",
  /** `systemctl show --all --property=… '*.service'` with the properties of `systemdProperties`, arguments or not; absent where systemd does not run. */
  "systemd-units",
  /** /var/lib/dpkg/status; the fields Package, Status, Version and Architecture will do. */
  "dpkg-status",
  /** How far the machine's times are from UTC, as `date +%z` says, and behind that line the end of /var/log/apt/history.log. */
  "apt-history",
] as const

/** Those that take other programs to know, and are asked for by the collector on this machine too. */
export const askedMaterials = [
  /** `<name>\t<epoch>:<version>-<release>\t<architecture>` of each package, as `rpm -qa` says; absent where dpkg is. */
  "rpm-packages",
  /** /lib/apk/db/installed; the fields P, V and A will do. */
  "apk-installed",
  /** The names in /var/lib/pacman/local, a line each: `<name>-<version>-<release>`. */
  "pacman-local",
  /** `<type> <key>` of each /etc/ssh/ssh_host_*_key.pub, a line each. */
  "host-keys",
  /** What `sshd -T` says of the settings of `sshdSettings`, a line each; absent where there is no sshd. */
  "sshd",
  /** What filters what comes in, of `ufw`, `firewalld`, `nftables` and `iptables`; absent when nothing does. */
  "firewall",
  /** /sys/fs/selinux/enforce */
  "selinux",
  /** /sys/module/apparmor/parameters/enabled */
  "apparmor",
  /** `running` or `stopped`: auditd(8); absent where it is not installed. */
  "audit",
  /** Names of private keys, a line each, that anybody on the machine may read, at the places where such keys are. Nothing of what is in them. */
  "readable-keys",
  /** `yes` or `no`, on Debian and what comes from it; absent elsewhere, where nobody keeps it. */
  "reboot-required",
  /**
   * What the package manager would bring. The first line is its name; then come lines of it: `… [upgradable from: …]` of apt, `update …`
   * and `advisory …` of dnf, `… < …` of apk, `… -> …` of pacman, or one: `denied <why>`. Absent where none of these is.
   */
  "updates",
  /**
   * The certificates that are served on 127.0.0.1. The first line are the ports of `certificatePorts` that listen, with a plus between them; then comes for each on
   * which there is one the port and the certificate in PEM, or `<port> ?` where nobody answered. Behind a certificate comes for each version of TLS `tls <port> <version>`
   * with `yes` or `no`, or nothing where that could not be asked.
   */
  "certificates",
] as const

export const materialNames = [...fileMaterials, ...askedMaterials] as const

export type MaterialName = (typeof materialNames)[number]

/** Why there is no text: looked and it is not there, or could not be looked at and why. */
export type Unread = { readonly absent: true } | { readonly denied: string }

/** `partial` says why some of it could not be seen. */
export type Material = { readonly text: string; readonly partial?: string } | Unread

export type Materials = Readonly<Record<MaterialName, Material>>

export function linesOf(material: Material): string[] {
  return "text" in material ? material.text.split("\n") : []
}
