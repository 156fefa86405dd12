/**
 * What Linux says on that host, as a source fetches it: Debian on ZFS with systemd, in which containers show as interfaces, bridges, mounts and
 * listeners that come and go with them.
 */
import { type Material, type MaterialName, type Materials } from "#discovery/facts/material.js"
import { machine } from "#tests/spec/facts/materials.js"
import { type Container, type Moment, chance, hex, hostPort, stateAt } from "./container.js"
import { clock, containers, dayBegins, networks, thereAt, within } from "./day.js"
import { packagesAt } from "./packages.js"
import { unitsAt } from "./units.js"

const minute = 60_000

export function materialsAt(at: Moment): Materials {
  const running = thereAt(containers, at).filter((container) => stateAt(container, at) === "running")
  const sockets = socketsAt(at, running)
  const texts: Partial<Record<MaterialName, string | Material>> = {
    hostname: "dock\n",
    hosts: "127.0.0.1\tlocalhost\n192.0.2.2\tdock.lan dock\n",
    "machine-id": `${hex("dock", 32)}\n`,
    stat: statAt(at),
    meminfo: memoryAt(at),
    interfaces: interfacesAt(at, running),
    addresses: addressesAt(at),
    addresses6: addresses6At(at),
    mounts: mountsAt(at, running),
    statfs: sizesOf(mountsAt(at, running), at),
    ...sockets,
    "systemd-units": unitsAt(at),
    ...packagesAt(at),
    certificates: { absent: true },
    firewall: "iptables",
  }
  return machine(texts)
}

/** Of the two processors a step of a build or a test takes a part, a large compilation and the test under load all. */
function busyShare(at: Moment): number {
  if (within(at, "13:00", "13:26") || within(at, "17:00", "17:40")) return 97
  const there = thereAt(containers, at)
  return Math.min(
    70,
    6 + 30 * there.filter(({ isBuildStep, ended }) => isBuildStep && at < (ended?.at ?? at)).length + 3 * there.length,
  )
}

/** Busy ticks of each minute of the day and all before: 100 a second and processor. */
const busyTicks: number[] = [20_000_000]
for (let past = 0; past < 1_440; past++)
  busyTicks.push((busyTicks[past] ?? 0) + 120 * busyShare(dayBegins + past * minute))

function statAt(at: Moment): string {
  const minutes = Math.floor((at - dayBegins) / minute)
  const [busy, total] = [busyTicks[minutes] ?? 0, 120_000_000 + 12_000 * minutes]
  return `cpu  ${busy} 0 0 ${total - busy} 0 0 0 0 0 0\nintr 1\nctxt ${total}\nprocesses ${busy}\n`
}

/** Between 40 and 70 percent in use, more while something big is built. */
function memoryAt(at: Moment): string {
  const used = 40 + chance(`memory ${at}`, 30) + (chance(`big ${Math.floor(at / (10 * minute))}`, 12) === 0 ? 20 : 0)
  return `MemTotal:       32768000 kB\nMemFree:         1000000 kB\nMemAvailable:   ${327_680 * (100 - used)} kB\n`
}

const bridge = (id: string) => `br-${id.slice(0, 12)}`
const mac = (name: string) => `02:42:${hex(name, 8).replaceAll(/(..)(?=.)/g, "$1:")}`

function interfacesAt(at: Moment, running: readonly Container[]): string {
  const bytes = `${Math.floor((at - dayBegins) / 3)} ${Math.floor((at - dayBegins) / 7)}`
  // Builds and tests use it, and nobody else.
  const onDefault = running.some(({ network }) => network === "bridge")
  const lines = [
    `lo 00:00:00:00:00:00 65536 unknown ${bytes}`,
    `enp1s0 d8:cb:8a:00:00:01 1500 up ${bytes}`,
    `docker0 02:42:5e:00:00:01 1500 ${onDefault ? "up" : "down"} ${bytes}`,
  ]
  for (const { name, id } of thereAt(networks, at)) {
    const isUsed = running.some(({ network }) => network === name)
    lines.push(`${bridge(id)} ${mac(id)} 1500 ${isUsed ? "up" : "down"} ${bytes}`)
  }
  for (const { id } of running) lines.push(`veth${hex(`veth ${id}`, 7)} ${mac(`veth ${id}`)} 1500 up ${bytes}`)
  return lines.join("\n")
}

/** The lease is renewed every six hours, for the same address; each bridge takes whatever subnet is free. */
function addressesAt(at: Moment): string {
  const lines = ["lo 127.0.0.1/8", "enp1s0 192.0.2.2/24", "docker0 172.17.0.1/16"]
  for (const { id } of thereAt(networks, at)) lines.push(`${bridge(id)} 172.${18 + chance(`subnet ${id}`, 14)}.0.1/16`)
  return lines.join("\n")
}

/** Privacy extensions make up an address every hour and let the one before fade. */
function addresses6At(at: Moment): string {
  const hour = Math.floor(at / (60 * minute))
  const line = (address: string, scope: string, flags: string, name: string) =>
    `${address} 02 40 ${scope} ${flags}   ${name}`
  return [
    `${"0".repeat(31)}1 01 80 10 80       lo`,
    line("fe80000000000000dacb8afffe000001", "20", "80", "enp1s0"),
    line("20010db8000000000000000000000002", "00", "00", "enp1s0"),
    line(`20010db800000000${hex(`temporary ${hour}`, 16)}`, "00", "01", "enp1s0"),
    line(`20010db800000000${hex(`temporary ${hour - 1}`, 16)}`, "00", "21", "enp1s0"),
    ...thereAt(networks, at).map(({ id }) => line(`fe80000000000000${hex(`local ${id}`, 16)}`, "20", "80", bridge(id))),
  ].join("\n")
}

/** A layer of the engine's is a data set, mounted for as long as its container runs; the builder mounts overlays of its own. */
function mountsAt(at: Moment, running: readonly Container[]): string {
  const layer = (id: string) => hex(`layer ${id}`)
  const lasting: [string, string, string, string][] = [
    ["/", "zfs", "rpool/ROOT/debian", "rw,xattr,noacl"],
    ["/home", "zfs", "rpool/home", "rw,xattr,noacl"],
    ["/srv", "zfs", "rpool/srv", "rw,xattr,noacl"],
    ["/var/lib/docker", "zfs", "rpool/docker", "rw,xattr,noacl"],
    ["/run", "tmpfs", "tmpfs", "rw,size=3276800k"],
    ["/run/docker/netns/default", "nsfs", "nsfs", "rw"],
  ]
  const passing: [string, string, string, string][] = [
    ...running.map(({ id }): [string, string, string, string] => [
      `/var/lib/docker/zfs/graph/${layer(id)}`,
      "zfs",
      `rpool/docker/${layer(id)}`,
      "rw,xattr,posixacl",
    ]),
    ...running.map(({ id }): [string, string, string, string] => [
      `/run/docker/netns/${hex(`netns ${id}`, 12)}`,
      "nsfs",
      "nsfs",
      "rw",
    ]),
  ]
  // While a container is made, the layer below its own is mounted too.
  for (const { id } of thereAt(containers, at).filter(({ started }) => at < started))
    passing.push([
      `/var/lib/docker/zfs/graph/${layer(id)}-init`,
      "zfs",
      `rpool/docker/${layer(id)}-init`,
      "rw,xattr,posixacl",
    ])
  if (within(at, "08:00", "20:00")) {
    const at5 = hex(`buildkit ${at}`, 25)
    passing.push([`/var/lib/docker/buildkit/executor/${at5}/rootfs`, "overlay", "overlay", "rw,lowerdir=l/A:l/B"])
    passing.push([
      `/run/containerd/io.containerd.runtime.v2.task/moby/${hex(`task ${at}`)}/rootfs`,
      "overlay",
      "overlay",
      "rw",
    ])
  }
  // Somebody looks for yesterday's file, and is on the machine.
  if (within(at, "09:00", "09:40")) {
    passing.push([
      "/home/.zfs/snapshot/autosnap_2026-11-23_23:00:01_hourly",
      "zfs",
      "rpool/home@autosnap_2026-11-23_23:00:01_hourly",
      "ro",
    ])
    passing.push(["/run/user/1000", "tmpfs", "tmpfs", "rw,size=3276800k"])
  }
  if (at >= clock("15:02")) lasting.push(["/srv/photos", "zfs", "rpool/srv/photos", "rw,xattr,noacl"])
  const anonymous = [...lasting, ...passing].map(
    ([place, type, source, options], i) =>
      `${100 + i} 1 0:${40 + i} / ${place} rw,relatime shared:${i} - ${type} ${source} ${options}`,
  )
  return [
    ...anonymous,
    "90 1 259:2 / /boot/efi rw,relatime shared:9 - vfat /dev/nvme0n1p1 rw,fmask=0022",
    "91 1 230:1 / /srv/vm rw,relatime shared:10 - ext4 /dev/zd0p1 rw",
  ].join("\n")
}

/** Every data set sees the space that is free in the pool, which the builds eat and a prune at half past seven gives back. */
function sizesOf(mounts: string, at: Moment): string {
  const eaten = within(at, "08:00", "19:30") ? (at - clock("08:00")) / minute : 0
  const free = 900_000 - Math.floor(eaten * 500)
  return mounts
    .split("\n")
    .map((line) => {
      const [left = "", right = ""] = line.split(" - ")
      const blocks = right.startsWith("zfs ") ? free + 100_000 : 1_000_000
      return `131072 ${blocks} ${free} ${free} ${left.split(" ")[4] ?? ""}`
    })
    .join("\n")
}

interface Socket {
  readonly protocol: "tcp" | "udp"
  readonly address: string
  readonly port: number
  readonly uid: number
  readonly pid: number
  readonly cgroup: string
  readonly name: string
}

function socketsAt(at: Moment, running: readonly Container[]): Partial<Record<MaterialName, string>> {
  const hour = Math.floor(at / (60 * minute))
  const own = (name: string, port: number, more: Partial<Socket> = {}): Socket => ({
    protocol: "tcp",
    address: "00000000",
    port,
    uid: 0,
    pid: 400 + (port % 500),
    cgroup: `/system.slice/${name}.service`,
    name,
    ...more,
  })
  const loopback = "0100007F"
  const sockets = [
    own("sshd", 22, { cgroup: "/system.slice/ssh.service" }),
    own("chronyd", 323, { protocol: "udp", address: loopback, uid: 105, cgroup: "/system.slice/chrony.service" }),
    // It asks its servers from another port each time.
    own("chronyd", 32_800 + chance(`ntp ${at}`, 20_000), {
      protocol: "udp",
      uid: 105,
      cgroup: "/system.slice/chrony.service",
    }),
    // Its port is another one after each start.
    own("containerd", at < clock("06:40") ? 40_123 : 38_441, { address: loopback }),
    ...running.flatMap((container) =>
      Object.keys(container.publishes).map((port) =>
        own("docker-proxy", hostPort(container, Number(port)), {
          cgroup: "/system.slice/docker.service",
          pid: 5_000 + chance(container.id, 20_000),
        }),
      ),
    ),
  ]
  const session = { uid: 1_000, pid: 30_000, cgroup: "/user.slice/user-1000.slice/session-12.scope" }
  const tests = thereAt(containers, at).filter(({ name }) => name.startsWith("testcontainers-ryuk"))
  for (const { id } of tests)
    sockets.push(own("node", 32_768 + chance(`runner ${id}`, 28_000), { ...session, address: loopback }))
  const rows = sockets.map((socket, i) => ({ ...socket, inode: 10_000 + hour * 100 + i }))
  const table = (protocol: Socket["protocol"]) =>
    [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      ...rows
        .filter((row) => row.protocol === protocol)
        .map(
          ({ address, port, uid, inode }, i) =>
            `   ${i}: ${address}:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 ${protocol === "tcp" ? "0A" : "07"} 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0 100 0 0 10 0`,
        ),
    ].join("\n")
  const owners = rows.map(({ inode, pid, uid, cgroup, name }) =>
    [inode, pid, uid, cgroup, `/usr/bin/${name}`, name].join("\t"),
  )
  return { tcp: table("tcp"), tcp6: "", udp: table("udp"), udp6: "", "socket-owners": owners.join("\n") }
}
