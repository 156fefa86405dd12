/** Which part of the program answers which materials. */
import type { MaterialName } from "../../facts/material.js"
import { certificates } from "./certificates.js"
import { container } from "./container.js"
import { mountPoints, statfs } from "./mounts.js"
import { addresses, interfaces, lookAtNetwork } from "./network.js"
import { apk, aptHistory, pacman, reboot, rpm, rpmFiles } from "./packages.js"
import { audit, firewall, hostKeys, readableKeys, sshd, sshdFiles } from "./security.js"
import { services } from "./services.js"
import type { Part } from "./sight.js"
import { lookAtSockets, portsThatListen, sockets } from "./sockets.js"
import { updates, updatesFiles } from "./updates.js"

export interface Section {
  readonly names: readonly MaterialName[]
  /** The files that its answer rests on, words of a shell: while they stay as they are it holds. */
  readonly rests?: string
  /** Which files `awk` is to look at. */
  readonly looks?: string
  /** What `awk` does with them. */
  readonly parts?: readonly Part[]
  /** What takes other programs, behind that. */
  readonly program?: string
}

function file(name: MaterialName, path: string): Section {
  return { names: [name], looks: `look ${name} ${path}\n` }
}

/** A file of which `awk` lets through what is understood. */
function sifted(name: MaterialName, path: string, sieve: string): Section {
  return { names: [name], rests: path, program: `value=$(awk '${sieve}' ${path} 2>&1)\nresult ${name} $? "$value"\n` }
}

const osRelease =
  "if exists /etc/os-release; then look os-release /etc/os-release; else look os-release /usr/lib/os-release; fi\n"

/** Of all processors only the first line is worth its bytes. */
const processors: Part = {
  functions: [],
  main: '  if ("stat" in path) { getline all < path["stat"]; text("stat", all); delete path["stat"] }',
}

export const sections: readonly Section[] = [
  {
    names: ["tcp", "tcp6", "udp", "udp6", "port-range", "socket-owners"],
    looks: lookAtSockets,
    parts: [sockets],
  },
  { names: ["os-release"], looks: osRelease },
  file("kernel", "/proc/sys/kernel/osrelease"),
  file("boot-id", "/proc/sys/kernel/random/boot_id"),
  { names: ["architecture"], rests: "", program: 'text architecture "$(uname -m)"\n' },
  file("hostname", "/proc/sys/kernel/hostname"),
  { ...file("hosts", "/etc/hosts"), rests: "/etc/hosts" },
  file("machine-id", "/etc/machine-id"),
  file("smbios-uuid", "/sys/class/dmi/id/product_uuid"),
  file("dmi-vendor", "/sys/class/dmi/id/sys_vendor"),
  file("dmi-product", "/sys/class/dmi/id/product_name"),
  // How fast each processor is changes all the time; which they are does with the boot and with those that are on.
  { ...file("cpuinfo", "/proc/cpuinfo"), rests: "" },
  file("cpu-online", "/sys/devices/system/cpu/online"),
  file("meminfo", "/proc/meminfo"),
  { ...file("stat", "/proc/stat"), parts: [processors] },
  { names: ["container"], rests: "/run/systemd/container /run/.containerenv /.dockerenv", program: container },
  {
    names: ["interfaces", "addresses", "addresses6", "routes", "routes6", "resolv"],
    looks: lookAtNetwork,
    parts: [interfaces],
    program: addresses,
  },
  { names: ["mounts", "statfs"], looks: "look mounts /proc/self/mountinfo\n", parts: [mountPoints], program: statfs },
  sifted("passwd", "/etc/passwd", 'BEGIN { FS = ":" } { print $1 "::" $3 }'),
  { names: ["systemd-units"], program: services },
  sifted("dpkg-status", "/var/lib/dpkg/status", "/^(Package|Status|Version|Architecture):/ || /^$/"),
  { names: ["rpm-packages"], rests: rpmFiles, program: rpm },
  { names: ["apk-installed"], rests: "/lib/apk/db/installed /usr/lib/apk/db/installed", program: apk },
  { names: ["pacman-local"], rests: "/var/lib/pacman/local", program: pacman },
  // Behind the packages: what had ended when they were read is in it.
  { names: ["apt-history"], rests: "/var/log/apt/history.log", program: aptHistory },
  { names: ["host-keys"], rests: "/etc/ssh /etc/ssh/ssh_host_*_key.pub", program: hostKeys },
  { names: ["sshd"], rests: sshdFiles, program: sshd },
  { names: ["firewall"], program: firewall },
  file("selinux", "/sys/fs/selinux/enforce"),
  file("apparmor", "/sys/module/apparmor/parameters/enabled"),
  { names: ["audit"], program: audit },
  { names: ["readable-keys"], rests: "", program: readableKeys },
  { names: ["reboot-required"], program: reboot },
  { names: ["updates"], rests: updatesFiles, program: updates },
  { names: ["certificates"], rests: "", parts: [portsThatListen], program: certificates },
]
