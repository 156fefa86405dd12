/** The facets of a target: what is known of a machine, in the units in which it is looked at and changes. */
import * as z from "zod"
import { collection, config, count, gauge, identity, ledgered, line, percent, state } from "./field.js"

/** Who this machine is. The ids are the evidence by which records of several sources are linked. */
const identityFacet = z.strictObject({
  name: config(line),
  hostname: config(line),
  fqdn: config(line),
  /** /etc/machine-id (machine-id(5)). */
  machineId: identity(line),
  /** SMBIOS type 1 UUID, lower case, as the kernel prints it; readable by root only. */
  smbiosUuid: identity(line),
  /** The public keys that its SSH server shows, by type: `hostkey:ssh-ed25519`. */
  hostKeys: identity(collection("hostkey", z.strictObject({ fingerprint: identity(line) }))),
  /** What a Docker Engine calls itself. Before version 24 it lies in /etc/docker, and engines of one machine share it. */
  dockerEngineId: identity(line),
})

const hardware = z.strictObject({
  architecture: config(line),
  cpuModel: config(line),
  /** Logical processors that are online. */
  cpuCores: config(count),
  /** MemTotal, in MiB. */
  memoryMiB: config(count),
  vendor: config(line),
  product: config(line),
  /** `none` on bare metal; else the hypervisor or container runtime: kvm, vmware, docker, lxc, … */
  virtualization: config(line),
})

const os = z.strictObject({
  /** ID of os-release(5), e.g. `debian`. */
  id: config(line),
  /** PRETTY_NAME. */
  name: config(line),
  version: config(line),
  kernel: config(line),
  /** A boot is an id, not an uptime: it changes once a boot. */
  bootId: state(line),
})

const networkInterface = z.strictObject({
  mac: config(line),
  mtu: config(count),
  link: state(z.enum(["up", "down", "unknown"])),
  addresses: config(collection("ip", z.strictObject({}))),
  /** Counters since boot, bytes. */
  rxBytes: gauge(count),
  txBytes: gauge(count),
})

const network = z.strictObject({
  /** Those that it is said to have, where nobody says on which interface. */
  addresses: config(collection("ip", z.strictObject({}))),
  interfaces: config(collection("if", networkInterface)),
  /** Routes with a gateway: `route:default`, `route:10.0.0.0/8`. */
  routes: config(collection("route", z.strictObject({ gateway: config(line), interface: config(line) }))),
  /** Name servers with their place in resolv.conf(5), from 1. */
  dns: config(collection("dns", z.strictObject({ order: config(count) }))),
})

const storage = z.strictObject({
  filesystems: config(
    collection(
      "fs",
      z.strictObject({
        device: config(line),
        type: config(line),
        /** Missing where the file system shares its pool (zfs, btrfs) and the size moves with its neighbours. */
        sizeMiB: config(count),
        usedPercent: gauge(percent),
      }),
    ),
  ),
})

/**
 * What listens: `tcp:22` on all addresses, `tcp:127.0.0.1:53` on one. Ports of the range that the kernel gives to anybody are left out.
 */
const sockets = collection(
  "tcp|udp",
  z.strictObject({
    port: config(count),
    /** `*` for IPv4 and IPv6, else the address bound to. */
    address: config(line),
    process: config(line),
    user: config(line),
  }),
)

const packages = collection("pkg", z.strictObject({ version: config(line), architecture: config(line) }))

/** What a scanner lists that is known to be vulnerable, one for each package that it is in. Without a scan that counts nothing is known, which is not none. */
const vulnerabilities = z.strictObject({
  critical: state(count),
  high: state(count),
  medium: state(count),
  low: state(count),
  unknown: state(count),
  /** When it was scanned, in seconds since 1970: each scan has another one. */
  scannedAt: gauge(count),
})

/** What stands between the machine and those who mean it harm. */
const security = z.strictObject({
  /** What filters what comes in: ufw, firewalld, nftables or iptables. Its rules come and go with containers and bans, and are not kept. */
  firewall: config(line),
  /** enforcing or permissive. */
  selinux: config(line),
  /** enabled or disabled. */
  apparmor: config(line),
  auditd: state(z.enum(["running", "stopped"])),
  /** The SSH server's settings as it understands its files: `sshd:permitrootlogin`. */
  sshd: config(collection("sshd", z.strictObject({ value: config(line) }))),
  /** Private keys that anybody on the machine may read, by the names of their files: `key:/etc/ssl/private/web.key`. */
  readableKeys: config(collection("key", z.strictObject({}))),
  /** By scanner: they know different things, and one that is late takes nothing from what another found. */
  vulnerabilities: state(
    z.strictObject({ trivy: state(vulnerabilities), grype: state(vulnerabilities), debsecan: state(vulnerabilities) }),
  ),
})

const updates = z.strictObject({
  /** Whether what was installed takes a boot to be in force; Debian and what comes from it say so. */
  rebootRequired: state(z.boolean()),
  /**
   * What the package manager would bring, by the lists that it has fetched last: the version to come, and whether that is for security, which apk and pacman do not
   * know.
   */
  pending: state(collection("pkg", z.strictObject({ version: state(line), security: state(z.boolean()) }))),
})

/** What services show to whoever connects by TLS on the machine itself: `cert:443`. Of one that has not answered yet there are no fields. */
const certificates = collection(
  "cert",
  z.strictObject({
    /** `C=DE, O=Example, CN=example.org`. */
    subject: config(line),
    issuer: config(line),
    /** The last moment of its validity, in RFC 3339. */
    notAfter: config(line),
    /** SHA-256, as openssl prints it. */
    fingerprint: config(line),
    /** Host names and addresses that it is for: `name:example.org`. */
    names: config(collection("name", z.strictObject({}))),
    /** Whether it names itself as its issuer. */
    selfSigned: config(z.boolean()),
    /** Versions that are spoken there, and those that are not: `tls:1.2`. */
    tls: config(collection("tls", z.strictObject({ spoken: config(z.boolean()) }))),
  }),
)

/** Load of the machine as a whole: gauges only, so nothing of it is ever in an event. */
const usage = z.strictObject({
  /** Counters since boot over all processors, in ticks: what is busy is their difference between two looks. */
  cpuBusyTicks: gauge(count),
  cpuTotalTicks: gauge(count),
  /** The busy share, where somebody else has made it of the counters. */
  cpuPercent: gauge(percent),
  /** (MemTotal − MemAvailable) / MemTotal. */
  memoryPercent: gauge(percent),
})

/** The container engine on it. */
const engine = z.strictObject({
  version: config(line),
  apiVersion: config(line),
  storageDriver: config(line),
  cgroupDriver: config(line),
  cgroupVersion: config(line),
  rootDir: config(line),
  rootless: config(z.boolean()),
  /** Whether containers go on running while the engine does not. */
  liveRestore: config(z.boolean()),
  /** `inactive`, `active`, … */
  swarm: config(line),
  containers: gauge(count),
  containersRunning: gauge(count),
  images: gauge(count),
})

/** How a source reaches it. */
const access = z.strictObject({
  /** E.g. `ssh`. */
  method: config(line),
  address: config(line),
  port: config(count),
  user: config(line),
  /** Fingerprint of the host key that it was recognised by, as OpenSSH prints it. */
  hostKey: config(line),
  /** Fingerprint of another key that it shows instead of a trusted one; null when it shows that. */
  offeredHostKey: state(line),
})

/** What a machine is there for. */
export const role = z.enum(["production", "development", "lab", "staging", "testing", "monitoring", "gateway"])

/** What people, or what they manage it with, say of it. */
const labels = z.strictObject({
  role: config(role),
  environment: config(line),
  description: config(line),
  owner: config(line),
  groups: config(collection("group", z.strictObject({}))),
  tags: config(collection("tag", z.strictObject({}))),
})

/** A node of a tailnet; whether others reach it now is measured, as laptops come and go all day. */
const tailnet = z.strictObject({
  name: config(line),
  /** When its key has to be renewed; null when never. */
  keyExpires: config(line),
  /** Whether it offers others to be their way out. */
  exitNode: config(z.boolean()),
  /** The networks that it is the way to, now. */
  routes: state(collection("route", z.strictObject({}))),
  online: gauge(count),
})

/** A hypervisor, of its host. */
const hypervisor = z.strictObject({
  /** The cluster that it is part of; its own name where it is in none. */
  cluster: identity(line),
  product: config(line),
  version: config(line),
  status: state(z.enum(["online", "offline", "unknown"])),
})

/** A guest, as its hypervisor has it. */
const guest = z.strictObject({
  kind: config(z.enum(["qemu", "lxc"])),
  /** Its number is its own within the cluster. */
  cluster: identity(line),
  vmid: config(count),
  /** When it was made: another guest that was given the same number was made at another time. */
  createdAt: identity(line),
  template: config(z.boolean()),
  pool: config(line),
  startsAtBoot: config(z.boolean()),
  /** Where it is: a migration changes it. */
  node: state(line),
  /** `running`, `stopped`, `paused`, … */
  power: state(line),
  /** What the cluster's high availability makes of it; null when it takes no part. */
  haState: state(line),
  /** Another one when it goes on from a snapshot or a backup. */
  generationId: state(line),
  disks: config(collection("disk", z.strictObject({ volume: config(line), sizeMiB: config(count) }))),
  nics: config(collection("nic", z.strictObject({ bridge: config(line), vlan: config(count) }))),
  snapshots: config(collection("snap", z.strictObject({ takenAt: config(line), parent: config(line) }))),
  /** Settings that differ after its next start: names only. */
  pending: state(collection("key", z.strictObject({}))),
})

export const targetFacets = {
  identity: identityFacet,
  access,
  labels,
  tailnet,
  hypervisor,
  guest,
  hardware,
  os,
  network,
  storage,
  sockets,
  packages,
  security,
  updates,
  certificates,
  engine,
  usage,
} as const

export const resourceStatus = z.enum(["healthy", "warning", "critical", "unknown"])
export type ResourceStatus = z.infer<typeof resourceStatus>

export const lifecycle = z.enum(["observed", "unseen", "retired"])

/** Who gave a role or a tag: a rule of the policy, or a person, whose word no rule overrides. */
export const assigner = z.enum(["rule", "hand"])

export const tagName = z.string().regex(/^[^\s\p{C}]{1,100}$/u, "a tag of up to 100 characters, without spaces")

/** Null for one that somebody has taken away. */
export const assignedTag = z.strictObject({ by: assigner }).nullable()

const assigned = z.strictObject({
  role: role.nullable(),
  roleBy: assigner.nullable(),
  tags: collection("tag", assignedTag),
})
export type Assigned = z.infer<typeof assigned>

/** Where nothing was ever assigned. */
export const unassigned: Assigned = { role: null, roleBy: null, tags: {} }

/** The state of a target record: its facets without gauges, and what was concluded from looking at it. */
export const targetDocument = z.strictObject({
  lifecycle,
  identity: ledgered(identityFacet).optional(),
  access: ledgered(access).optional(),
  labels: ledgered(labels).optional(),
  tailnet: ledgered(tailnet).optional(),
  hypervisor: ledgered(hypervisor).optional(),
  guest: ledgered(guest).optional(),
  hardware: ledgered(hardware).optional(),
  os: ledgered(os).optional(),
  network: ledgered(network).optional(),
  storage: ledgered(storage).optional(),
  sockets: ledgered(sockets).optional(),
  packages: ledgered(packages).optional(),
  security: ledgered(security).optional(),
  updates: ledgered(updates).optional(),
  certificates: ledgered(certificates).optional(),
  engine: ledgered(engine).optional(),
  /** The target that the record was linked to: another record's id. A target's oldest record has none. */
  link: z.strictObject({ target: z.uuid() }).optional(),
  /** The band of each resource: `cpu`, `memory`, `fs:/`. */
  resources: z.record(z.string().regex(/^(?:cpu|memory|fs:.*)$/s), resourceStatus).optional(),
  /** Its role and tags: not what was seen, but what rules and people gave to it. */
  assigned: assigned.optional(),
})
export type TargetDocument = z.infer<typeof targetDocument>
