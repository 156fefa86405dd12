/** Which part of the program answers which materials. */
import type { MaterialName } from "../../facts/material.js"
import { certificates } from "./certificates.js"
import { container } from "./container.js"
import { mounts } from "./mounts.js"
import { network } from "./network.js"
import { apk, pacman, reboot, rpm } from "./packages.js"
import { audit, firewall, hostKeys, sshd } from "./security.js"
import { services } from "./services.js"
import { sockets } from "./sockets.js"
import { updates } from "./updates.js"

export interface Section {
  readonly names: readonly MaterialName[]
  readonly program: string
}

function file(name: MaterialName, path: string): Section {
  return { names: [name], program: `file ${name} ${path}\n` }
}

/** A file of which `awk` lets through what is understood. */
function sifted(name: MaterialName, path: string, sieve: string): Section {
  return { names: [name], program: `value=$(awk '${sieve}' ${path} 2>&1)\nresult ${name} $? "$value"\n` }
}

const osRelease =
  "if exists /etc/os-release; then file os-release /etc/os-release; else file os-release /usr/lib/os-release; fi\n"

export const sections: readonly Section[] = [
  { names: ["tcp", "tcp6", "udp", "udp6", "port-range", "socket-owners"], program: sockets },
  { names: ["os-release"], program: osRelease },
  file("kernel", "/proc/sys/kernel/osrelease"),
  file("boot-id", "/proc/sys/kernel/random/boot_id"),
  { names: ["architecture"], program: 'text architecture "$(uname -m)"\n' },
  file("hostname", "/proc/sys/kernel/hostname"),
  file("hosts", "/etc/hosts"),
  file("machine-id", "/etc/machine-id"),
  file("smbios-uuid", "/sys/class/dmi/id/product_uuid"),
  file("dmi-vendor", "/sys/class/dmi/id/sys_vendor"),
  file("dmi-product", "/sys/class/dmi/id/product_name"),
  file("cpuinfo", "/proc/cpuinfo"),
  file("cpu-online", "/sys/devices/system/cpu/online"),
  file("meminfo", "/proc/meminfo"),
  { names: ["stat"], program: 'value=$(head -n 1 /proc/stat 2>&1)\nresult stat $? "$value"\n' },
  { names: ["container"], program: container },
  { names: ["interfaces", "addresses", "addresses6", "routes", "routes6", "resolv"], program: network },
  { names: ["mounts", "statfs"], program: mounts },
  sifted("passwd", "/etc/passwd", 'BEGIN { FS = ":" } { print $1 "::" $3 }'),
  { names: ["systemd-units"], program: services },
  sifted("dpkg-status", "/var/lib/dpkg/status", "/^(Package|Status|Version|Architecture):/ || /^$/"),
  { names: ["rpm-packages"], program: rpm },
  { names: ["apk-installed"], program: apk },
  { names: ["pacman-local"], program: pacman },
  { names: ["host-keys"], program: hostKeys },
  { names: ["sshd"], program: sshd },
  { names: ["firewall"], program: firewall },
  file("selinux", "/sys/fs/selinux/enforce"),
  file("apparmor", "/sys/module/apparmor/parameters/enabled"),
  { names: ["audit"], program: audit },
  { names: ["reboot-required"], program: reboot },
  { names: ["updates"], program: updates },
  { names: ["certificates"], program: certificates },
]
