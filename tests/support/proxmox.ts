/**
 * A stand-in for the API of Proxmox VE: one cluster, three nodes, six guests. The shapes of its answers were checked by hand against the return types that
 * version 9.1 documents. So it proves that shapes are understood; it proves nothing of what the real one permits to whom, or of how it behaves.
 */
import { X509Certificate } from "node:crypto"
import * as fs from "node:fs/promises"
import type * as http from "node:http"
import * as https from "node:https"
import type { AddressInfo } from "node:net"
import * as path from "node:path"
import type { ProxmoxOptions } from "#discovery/sources/proxmox.js"
import { type Instant, epochMs } from "#kernel/clock.js"
import { onTestFinished } from "vitest"
import { selfSigned } from "./eventstoredb/certificate.js"
import { tempFolder } from "./temp-folder.js"

/** What `data` holds, or a function that answers otherwise. */
export type Replies = Record<string, unknown>

export interface Stub {
  /** What reaches it and trusts it. */
  readonly options: ProxmoxOptions
  readonly fingerprint: string
  /** May be changed between looks. */
  readonly replies: Replies
  /** Each path asked, with the authorization that came with it. */
  readonly asked: { readonly path: string; readonly authorization: string | undefined }[]
  readonly connections: () => number
}

export const token = "fleet@pve!ledger"
export const tokenSecret = "11111111-2222-3333-4444-555555555555"

export async function proxmox(replies: Replies = cluster()): Promise<Stub> {
  const { certificate, key } = selfSigned("localhost")
  const ca = path.join(await tempFolder(), "ca.pem")
  await fs.writeFile(ca, certificate)
  const asked: { path: string; authorization: string | undefined }[] = []
  let connections = 0
  const server = https.createServer({ cert: certificate, key }, (request, response) => {
    const asks = (request.url ?? "").replace("/api2/json", "")
    asked.push({ path: asks, authorization: request.headers.authorization })
    const reply = replies[asks] ?? rightsOn(asks, replies) ?? replies[asks.replace(/\?since=.*/, "")]
    if (typeof reply === "function") (reply as (response: http.ServerResponse) => void)(response)
    else if (reply === undefined) fails(501, `Method 'GET ${asks}' not implemented`)(response)
    else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data: reply }))
  })
  server.on("connection", () => (connections += 1))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    options: { addresses: [`localhost:${port}`], token, secret: "env:PVE", ca },
    fingerprint: new X509Certificate(certificate).fingerprint256,
    replies,
    asked,
    connections: () => connections,
  }
}

/** Of one path, which has those of the path above it where nothing is said of it. */
function rightsOn(asks: string, { "/access/permissions": all }: Replies): unknown {
  const of = asks.split("/access/permissions?path=")[1]
  if (of === undefined || typeof all !== "object") return undefined
  const said = all as Readonly<Record<string, object>>
  return { [of]: said[of] ?? said[of.slice(0, of.lastIndexOf("/"))] ?? {} }
}

/** As the API says that something is wrong: in the words beside the status. */
export function fails(status: number, reason: string): (response: http.ServerResponse) => void {
  return (response) =>
    void response.writeHead(status, reason, { "content-type": "application/json" }).end('{"data":null}')
}

const audit = { "VM.Audit": 1, "Sys.Audit": 1, "Datastore.Audit": 1, "VM.GuestAgent.Audit": 1 }
const gib = 2 ** 30

const node = (name: string, more: object = {}) => ({
  id: `node/${name}`,
  type: "node",
  node: name,
  status: "online",
  cpu: Math.random() / 2,
  maxcpu: 16,
  mem: 8 * gib,
  maxmem: 64 * gib,
  disk: 5 * gib,
  maxdisk: 90 * gib,
  uptime: Math.floor(performance.now()),
  level: "",
  "cgroup-mode": 2,
  ...more,
})

export const guest = (type: "qemu" | "lxc", vmid: number, name: string, on: string, more: object = {}) => ({
  id: `${type}/${vmid}`,
  type,
  vmid,
  name,
  node: on,
  status: "running",
  template: 0,
  cpu: Math.random(),
  maxcpu: 2,
  mem: gib,
  maxmem: 4 * gib,
  disk: 0,
  maxdisk: 32 * gib,
  netin: 1,
  netout: 2,
  diskread: 3,
  diskwrite: 4,
  uptime: Math.floor(performance.now()),
  ...more,
})

const storage = (on: string, name: string, plugintype: string, more: object = {}) => ({
  id: `storage/${on}/${name}`,
  type: "storage",
  storage: name,
  node: on,
  status: "available",
  shared: 0,
  content: "images,rootdir",
  plugintype,
  disk: 30 * gib,
  maxdisk: 100 * gib,
  ...more,
})

const clusterStatus = [
  { type: "cluster", id: "cluster", name: "rack", version: 3, nodes: 3, quorate: 1 },
  { type: "node", id: "node/pve1", name: "pve1", nodeid: 1, ip: "10.0.0.1", online: 1, local: 1, level: "" },
  { type: "node", id: "node/pve2", name: "pve2", nodeid: 2, ip: "10.0.0.2", online: 1, local: 0, level: "" },
  { type: "node", id: "node/pve3", name: "pve3", nodeid: 3, ip: "10.0.0.3", online: 0, local: 0, level: "" },
]

const nodeStatus = {
  pveversion: "pve-manager/9.1.1/42db4a6cf33dac83",
  cpu: 0.01,
  cpuinfo: { model: "AMD EPYC 7302P", cores: 16, cpus: 32, sockets: 1 },
  "current-kernel": { sysname: "Linux", machine: "x86_64", release: "6.17.2-1-pve", version: "#1 SMP" },
  loadavg: ["0.1", "0.2", "0.3"],
  memory: { total: 64 * gib, used: 8 * gib, free: 56 * gib, available: 56 * gib },
  rootfs: { total: 90 * gib, used: 5 * gib, free: 85 * gib, avail: 80 * gib },
}

const web = {
  name: "web",
  digest: "d100",
  agent: "1",
  boot: "order=scsi0",
  cipassword: "**********",
  sshkeys: "ssh-ed25519%20AAAA",
  cores: 2,
  memory: "4096",
  meta: "creation-qemu=10.1.2,ctime=1764000000",
  net0: "virtio=BC:24:11:00:01:00,bridge=vmbr0,firewall=1,tag=20",
  onboot: 1,
  ostype: "l26",
  scsi0: "local-lvm:vm-100-disk-0,iothread=1,size=32G",
  ide2: "none,media=cdrom",
  smbios1: "uuid=0A1B2C3D-0000-4000-8000-000000000100",
  vmgenid: "5f0c9a52-0000-4000-8000-000000000100",
}

const container = {
  hostname: "db",
  digest: "d200",
  arch: "amd64",
  cores: 2,
  memory: 4096,
  mp0: "local-lvm:vm-200-disk-1,mp=/srv,size=100G",
  net0: "name=eth0,bridge=vmbr1,hwaddr=BC:24:11:00:02:00,ip=dhcp,type=veth",
  ostype: "debian",
  rootfs: "local-lvm:vm-200-disk-0,size=528M",
  lxc: [["lxc.idmap", "u 0 100000 65536"]],
}

/** A task of a guest's, or of a node's where there is none, as a node's log has it once it has ended. */
export const task = (type: string, vmid: number | "", user: string, ended: Instant, more: object = {}) => {
  const endtime = Math.floor(epochMs(ended) / 1_000)
  const id = String(vmid)
  const hex = (endtime - 2).toString(16).toUpperCase()
  const upid = `UPID:pve1:000004D2:0000162E:${hex}:${type}:${id}:${user}:`
  const times = { starttime: endtime - 2, endtime, pid: 1_234, pstart: 5_678 }
  return { upid, node: "pve1", type, id, user, status: "OK", ...times, ...more }
}

const current = { name: "current", description: "You are here!", running: 1, digest: "d100", parent: "before" }

/** Answers by path. Each call makes another one: measures differ, as they do from look to look. */
export function cluster(): Replies {
  const plain = (name: string, digest: string) => ({ name, digest, cores: 1, memory: "512" })
  const none = [{ name: "current", description: "You are here!" }]
  const replies: Replies = {
    "/access/permissions": { "/": audit, "/nodes": audit, "/storage": audit, "/vms": audit, "/vms/100": audit },
    "/cluster/status": clusterStatus,
    "/cluster/resources": [
      guest("qemu", 100, "web", "pve1", { tags: "shop;eu", pool: "shop", hastate: "started" }),
      guest("qemu", 101, "win", "pve1", { status: "stopped" }),
      guest("qemu", 102, "silent", "pve2"),
      guest("qemu", 103, "base", "pve2", { status: "stopped", template: 1 }),
      guest("lxc", 200, "db", "pve2", { maxcpu: 0.5 }),
      { id: "lxc/201", type: "lxc", vmid: 201, node: "pve3", status: "unknown" },
      node("pve1"),
      node("pve2"),
      { id: "node/pve3", type: "node", node: "pve3", status: "offline" },
      storage("pve1", "local-lvm", "lvmthin"),
      storage("pve1", "local", "dir"),
      storage("pve2", "local-lvm", "lvmthin", { status: "unknown", disk: 0, maxdisk: 0 }),
      { id: "/pool/shop", type: "pool", pool: "shop" },
      { id: "sdn/pve1/localnetwork", type: "sdn", sdn: "localnetwork", node: "pve1", status: "ok" },
      { id: "network/pve1/zone/localnetwork", type: "network", network: "localnetwork", node: "pve1" },
    ],
    "/nodes/pve1/status": nodeStatus,
    "/nodes/pve2/status": nodeStatus,
    "/nodes/pve1/tasks": [],
    "/nodes/pve2/tasks": [],
    "/nodes/pve1/apt/update": [{ Package: "zlib1g", OldVersion: "1", Version: "2", Arch: "amd64", Origin: "Debian" }],
    "/nodes/pve2/apt/update": fails(403, "Permission check failed (/nodes/pve2, Sys.Modify)"),
    "/nodes/pve1/qemu/100/config?current=1": web,
    "/nodes/pve1/qemu/100/snapshot": [
      { name: "before", description: "", snaptime: 1_764_000_100, vmstate: 0 },
      current,
    ],
    "/nodes/pve1/qemu/100/pending": [
      { key: "memory", value: "4096", pending: "8192" },
      { key: "cipassword", value: "**********", pending: "hunter2" },
      { key: "cores", value: 2 },
      { key: "net1", value: "virtio=BC:24:11:00:01:01", delete: 1 },
    ],
    "/nodes/pve1/qemu/100/agent/network-get-interfaces": {
      result: [
        {
          name: "lo",
          "hardware-address": "00:00:00:00:00:00",
          "ip-addresses": [{ "ip-address": "127.0.0.1", prefix: 8 }],
        },
        {
          name: "ens18",
          "hardware-address": "bc:24:11:00:01:00",
          "ip-addresses": [
            { "ip-address-type": "ipv4", "ip-address": "10.0.1.100", prefix: 24 },
            { "ip-address-type": "ipv6", "ip-address": "2001:db8::100", prefix: 64 },
            { "ip-address-type": "ipv6", "ip-address": "2001:db8::be24:11ff:fe00:100", prefix: 64 },
            { "ip-address-type": "ipv6", "ip-address": "2001:db8::a1b2:c3d4:e5f6:708", prefix: 64 },
          ],
        },
      ],
    },
    "/nodes/pve2/lxc/200/config?current=1": container,
    "/nodes/pve2/lxc/200/snapshot": none,
    "/nodes/pve2/lxc/200/pending": [],
    "/nodes/pve2/lxc/200/interfaces": [
      {
        name: "eth0",
        hwaddr: "bc:24:11:00:02:00",
        "hardware-address": "bc:24:11:00:02:00",
        inet: "10.0.1.200/24",
        "ip-addresses": [{ "ip-address": "10.0.1.200", "ip-address-type": "inet", prefix: "24" }],
      },
    ],
  }
  for (const [on, vmid, name] of [
    ["pve1", 101, "win"],
    ["pve2", 102, "silent"],
    ["pve2", 103, "base"],
  ] as const) {
    replies[`/nodes/${on}/qemu/${vmid}/config?current=1`] = plain(name, `d${vmid}`)
    replies[`/nodes/${on}/qemu/${vmid}/snapshot`] = none
    replies[`/nodes/${on}/qemu/${vmid}/pending`] = []
  }
  return replies
}
