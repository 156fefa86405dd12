/** The materials of a real machine (Debian 12 in a Firecracker VM, looked at by root), and ways to put others in their place. */
import * as fs from "node:fs"
import { type Json, isObject } from "#kernel/json.js"
import type { Facts } from "#discovery/facts/answer.js"
import type { Material, MaterialName, Materials } from "#discovery/facts/material.js"

export const absent: Material = { absent: true }
export const denied: Material = { denied: "permission denied" }

/**
 * `recorded/` has the files as they were, dpkg's status cut to six packages; the sockets of a web server of www-data, of one Python
 * script with several of them, and of a first process that shows its own to nobody, not even root.
 */
export const recorded: Materials = {
  "os-release": recordedText("os-release"),
  kernel: recordedText("kernel"),
  "boot-id": recordedText("boot-id"),
  architecture: recordedText("architecture"),
  hostname: recordedText("hostname"),
  hosts: recordedText("hosts"),
  "machine-id": recordedText("machine-id"),
  "smbios-uuid": absent,
  "dmi-vendor": absent,
  "dmi-product": absent,
  cpuinfo: recordedText("cpuinfo"),
  "cpu-online": recordedText("cpu-online"),
  meminfo: recordedText("meminfo"),
  stat: recordedText("stat"),
  container: absent,
  interfaces: recordedText("interfaces"),
  addresses: recordedText("addresses", "addresses of an interface without link are not listed"),
  addresses6: recordedText("addresses6"),
  routes: recordedText("routes"),
  routes6: recordedText("routes6"),
  resolv: recordedText("resolv"),
  mounts: recordedText("mounts"),
  statfs: recordedText("statfs"),
  tcp: recordedText("tcp"),
  tcp6: recordedText("tcp6"),
  udp: recordedText("udp"),
  udp6: recordedText("udp6"),
  "port-range": recordedText("port-range"),
  "socket-owners": recordedText("socket-owners", "permission denied to the open files of some processes"),
  passwd: recordedText("passwd"),
  "systemd-units": absent,
  "dpkg-status": recordedText("dpkg-status"),
  "apt-history": absent,
  "rpm-packages": absent,
  "apk-installed": absent,
  "pacman-local": absent,
  "host-keys": absent,
  sshd: absent,
  firewall: absent,
  selinux: absent,
  apparmor: absent,
  audit: absent,
  "readable-keys": { text: "" },
  "reboot-required": { text: "no" },
  updates: recordedText("updates"),
  certificates: recordedText("certificates"),
}

export const names = Object.keys(recorded).filter((name): name is MaterialName => name in recorded)

/** The recorded machine, but for these texts. */
export function machine(texts: Partial<Record<MaterialName, string | Material>>): Materials {
  const others = Object.entries(texts).map(([name, given]) => [
    name,
    typeof given === "string" ? { text: given } : given,
  ])
  return { ...recorded, ...Object.fromEntries(others) }
}

/** A machine of which every material is this one. */
export function machineOf(material: Material): Materials {
  return machine(Object.fromEntries(names.map((name) => [name, material])))
}

/** The value below a facet at a path of member names. */
export function at({ fields }: Facts, ...path: readonly string[]): Json | undefined {
  let value: Json | undefined = fields
  for (const member of path) value = isObject(value) ? value[member] : undefined
  return value
}

export function keys(value: Json | undefined): string[] {
  return Object.keys(isObject(value) ? value : {}).sort()
}

function recordedText(name: MaterialName, partial?: string): Material {
  const text = fs.readFileSync(new URL(`recorded/${name}`, import.meta.url), "utf8")
  return partial === undefined ? { text } : { text, partial }
}
