/**
 * Values that many machines have: what a vendor forgot to fill in, what an image brought along, what a protocol or a bridge makes up.
 * They look like identity and are none, so no evidence is ever made of them.
 */
import * as net from "node:net"

/** Both byte orders of each are one canonical form (evidence.ts), so one is enough. */
export const sharedUuids: readonly string[] = [
  "03000200-0400-0500-0006-000700080009",
  "00010203-0405-0607-0809-0a0b0c0d0e0f",
  "00112233-4455-6677-8899-aabbccddeeff",
  "12345678-1234-5678-90ab-cddeefaabbcc",
  "deadbeef-dead-beef-dead-beefdeadbeef",
  // The firmware of SolidRun's LX2160A, and of a series of HP.
  "8a95d198-7f46-11e5-bf8b-08002704d48e",
  "6ab5b300-538d-1014-9fb5-b0684d007b53",
]

/** MD5 of nothing (a script's idea of a machine-id), and what documentation has. */
const sharedMachineIds = new Set(["d41d8cd98f00b204e9800998ecf8427e", "0123456789abcdef0123456789abcdef"])

/** One digit or one byte over and over is nobody's. */
export function isRepeated(hex: string): boolean {
  return /^(..?)\1*$/.test(hex.replaceAll(/[-:]/g, ""))
}

export function isSharedMachineId(id: string): boolean {
  return sharedMachineIds.has(id) || isRepeated(id)
}

/** What boards say where a serial number ought to be; short ones and runs of digits are counted by more than one vendor. */
export function isSharedSerial(serial: string): boolean {
  return (
    serial.length < 5 ||
    isRepeated(serial) ||
    /^0?123456789/.test(serial) ||
    /default|o\.?e\.?m|not (?:specified|available|applicable|present|settable)|invalid|unknown|serial|standard|empty|chassis|asset|none/.test(
      serial,
    )
  )
}

/** Cheap USB adapters that all have one address, modems, and VMware's own adapters on a host. */
const sharedMacs = new Set([
  "00:e0:4c:53:44:58",
  "00:01:02:03:04:05",
  "00:11:22:33:44:55",
  "12:34:56:78:9a:bc",
  "de:ad:be:ef:fe:ed",
  "00:a0:c6:00:00:00",
  "02:00:4e:43:50:49",
  "00:50:56:c0:00:01",
  "00:50:56:c0:00:08",
])

/**
 * Multicast and broadcast; nothing; VRRP (RFC 9568) and HSRP, which move with a role; Docker's, made from an address that is the same on every
 * host; Xen's side of a guest.
 */
const sharedMac = /^(?:.[13579bdf]|00:00:00:00:00|00:00:5e:00:0[12]|00:00:0c:07:ac|00:05:73:a0|02:42|fe:ff:ff:ff:ff:ff)/

export function isSharedMac(mac: string): boolean {
  return sharedMacs.has(mac) || sharedMac.test(mac) || isRepeated(mac)
}

/** Interfaces of a host towards its own guests and containers. What is on them is made up there, or is the guest's. */
export function isInner(interfaceName: string): boolean {
  return /^(?:docker|br-|veth|virbr|vnet|tap|macvtap|lxc|lxd|incus|cni|cali|flannel|podman|dummy)/.test(interfaceName)
}

const anybody = new net.BlockList()
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  // The first bridges of Docker, Podman and libvirt, the same on every host.
  ["172.17.0.0", 16],
  ["10.88.0.0", 16],
  ["192.168.122.0", 24],
] as const)
  anybody.addSubnet(network, bits, "ipv4")
for (const [network, bits] of [
  ["::", 127],
  ["fe80::", 10],
] as const)
  anybody.addSubnet(network, bits, "ipv6")

const tailnet = new net.BlockList()
tailnet.addSubnet("fd7a:115c:a1e0::", 48, "ipv6")

export function isSharedAddress(address: string): boolean {
  return isIn(anybody, address)
}

/** Tailscale's own prefix (RFC 4193). Its addresses are a node's for life; 100.64.0.0/10 is used by providers too (RFC 6598). */
export function isTailnetAddress(address: string): boolean {
  return isIn(tailnet, address)
}

function isIn(list: net.BlockList, address: string): boolean {
  return list.check(address, net.isIPv6(address) ? "ipv6" : "ipv4")
}

/** What images call themselves. */
export function isSharedName(name: string): boolean {
  return /^(?:localhost\d?|localdomain|\(none\)|unknown|ubuntu|debian|fedora|alpine|archlinux|raspberrypi|openwrt)$/.test(
    name,
  )
}
