/** Machines as they are, and what each kind of source would write down of one. */
import type { JsonObject } from "#kernel/json.js"

export interface Machine {
  readonly hostname: string
  readonly domain: string
  readonly machineId: string
  readonly uuid: string | null
  readonly serial: string
  readonly virtualization: string
  readonly product: string
  /** By interface. */
  readonly macs: Readonly<Record<string, string>>
  /** On the first interface. */
  readonly address: string
  readonly hostKey: string
  readonly engineId: string
  readonly cluster: string
  readonly vmid: number
  /** What the hypervisor calls it. */
  readonly guestName: string
  readonly tailnetAddress: string
}

function hex(seed: number, digits: number): string {
  let state = seed * 2_654_435_761 + 12_345
  let text = ""
  while (text.length < digits) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    text += state.toString(16).padStart(8, "0")
  }
  return text.slice(0, digits)
}

const pairs = (digits: string) => digits.match(/../g)?.join(":") ?? ""
const uuidOf = (digits: string) => digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")

/** A machine of metal that shares nothing with those of other seeds. */
export function metal(seed: number, differently: Partial<Machine> = {}): Machine {
  return {
    hostname: `host${seed}`,
    domain: "lan",
    machineId: hex(seed * 1_000, 32),
    uuid: uuidOf(`4c4c4544${hex(seed * 1_000 + 100, 24)}`),
    serial: hex(seed * 1_000 + 200, 7).toUpperCase(),
    virtualization: "none",
    product: "PowerEdge R640",
    macs: {
      eno1: `e4:43:4b:${pairs(hex(seed * 1_000 + 300, 6))}`,
      eno2: `e4:43:4b:${pairs(hex(seed * 1_000 + 301, 6))}`,
    },
    address: `10.0.${seed >> 8}.${seed & 255}`,
    hostKey: `SHA256:${hex(seed * 1_000 + 400, 43)}`,
    engineId: uuidOf(hex(seed * 1_000 + 500, 32)),
    cluster: "lab",
    vmid: 100 + seed,
    guestName: `host${seed}`,
    tailnetAddress: `fd7a:115c:a1e0::${hex(seed * 1_000 + 600, 4)}:${hex(seed * 1_000 + 601, 4)}`,
    ...differently,
  }
}

export function vm(seed: number, differently: Partial<Machine> = {}): Machine {
  return metal(seed, {
    uuid: uuidOf(hex(seed * 1_000 + 700, 32)),
    serial: "Not Specified",
    virtualization: "kvm",
    product: "Standard PC (Q35 + ICH9, 2009)",
    macs: { eth0: `bc:24:11:${pairs(hex(seed * 1_000 + 800, 6))}` },
    ...differently,
  })
}

/** Its kernel and board are its host's. */
export function lxc(seed: number, differently: Partial<Machine> = {}): Machine {
  return vm(seed, { uuid: null, virtualization: "lxc", product: "PowerEdge R640", ...differently })
}

function interfaces({ macs, address }: Machine): JsonObject {
  const own = Object.entries(macs).map(([name, mac], index) => [
    `if:${name}`,
    { mac, link: "up", addresses: index === 0 ? { [`ip:${address}/24`]: {} } : {} },
  ])
  return {
    "if:lo": { mac: null, addresses: { "ip:127.0.0.1/8": {}, "ip:::1/128": {} } },
    ...Object.fromEntries(own),
    "if:docker0": { mac: "02:42:9f:00:00:01", addresses: { "ip:172.17.0.1/16": {} } },
  }
}

const names = ({ hostname, domain }: Machine) => ({ name: hostname, hostname, fqdn: `${hostname}.${domain}` })

/** As root, who may read the UUID and the serial number. */
export function asRoot(machine: Machine): JsonObject {
  const seen = asUser(machine)
  return {
    ...seen,
    identity: { ...(seen["identity"] as JsonObject), smbiosUuid: machine.uuid, dockerEngineId: machine.engineId },
    hardware: { ...(seen["hardware"] as JsonObject), serial: machine.serial },
  }
}

/** Over ssh, or here, without rights. */
export function asUser(machine: Machine): JsonObject {
  return {
    lifecycle: "observed",
    identity: {
      ...names(machine),
      machineId: machine.machineId,
      hostKeys: { "hostkey:ssh-ed25519": { fingerprint: machine.hostKey } },
    },
    hardware: { virtualization: machine.virtualization, vendor: "Dell Inc.", product: machine.product },
    network: { interfaces: interfaces(machine) },
  }
}

export function engine({ hostname, engineId }: Machine): JsonObject {
  return { lifecycle: "observed", identity: { name: hostname, hostname, dockerEngineId: engineId } }
}

/** A Proxmox guest without an agent: its configuration. */
export function guest({ cluster, vmid, guestName, uuid, macs, virtualization }: Machine): JsonObject {
  const cards = Object.values(macs).map((mac, index) => [`if:net${index}`, { mac: mac.toUpperCase() }])
  return {
    lifecycle: "observed",
    identity: { name: guestName, ...(virtualization === "lxc" ? {} : { smbiosUuid: uuid }) },
    guest: { cluster, vmid, kind: virtualization === "lxc" ? "lxc" : "qemu", node: "pve1" },
    network: { interfaces: Object.fromEntries(cards) as JsonObject },
  }
}

/** A Proxmox guest whose agent tells names and addresses too. */
export function guestWithAgent(machine: Machine): JsonObject {
  const seen = guest(machine)
  return {
    ...seen,
    identity: { ...(seen["identity"] as JsonObject), hostname: machine.hostname },
    network: { interfaces: interfaces(machine) },
  }
}

export function tailnetNode({ hostname, tailnetAddress }: Machine): JsonObject {
  return {
    lifecycle: "observed",
    identity: { name: hostname, hostname, fqdn: `${hostname}.tail1234.ts.net` },
    network: { interfaces: { "if:tailscale0": { addresses: { [`ip:${tailnetAddress}/128`]: {} } } } },
  }
}

/** With Tailscale on it. */
export function onTailnet(machine: Machine): JsonObject {
  const seen = asUser(machine)
  const tailscale = { "if:tailscale0": { mac: null, addresses: { [`ip:${machine.tailnetAddress}/128`]: {} } } }
  return { ...seen, network: { interfaces: { ...interfaces(machine), ...tailscale } } }
}

/** A line of an inventory file. */
export function written({ hostname, domain, address }: Machine): JsonObject {
  return {
    lifecycle: "observed",
    identity: { name: `${hostname}.${domain}` },
    access: { method: "ssh", address },
  }
}
