/** A cluster of Proxmox VE as its API tells it (by a stand-in), and all the ways in which an API says nothing, or less than it seems to. */
import * as net from "node:net"
import * as fc from "fast-check"
import { type ProxmoxOptions, proxmoxSource } from "#discovery/sources/proxmox.js"
import { addressesByMac } from "#discovery/sources/proxmox/addresses.js"
import { properties, sizeMiB } from "#discovery/sources/proxmox/properties.js"
import { FleetError } from "#kernel/errors.js"
import { anyJson } from "#tests/support/any-json.js"
import { CutProxy } from "#tests/support/cut-proxy.js"
import { discoveryBench, workbench } from "#tests/support/discovery-bench.js"
import { lookAt } from "#tests/support/look.js"
import { type Replies, type Stub, cluster, fails, guest, proxmox, token, tokenSecret } from "#tests/support/proxmox.js"
import { refusalOf } from "#tests/support/refusal.js"
import { describe, expect, it } from "vitest"

const source = (options: ProxmoxOptions) => proxmoxSource("rack", options, { secret: () => tokenSecret })
const look = (stub: Stub) => lookAt(source(stub.options))
const refusal = async (options: ProxmoxOptions) => {
  const { code, message } = await refusalOf(() => lookAt(source(options)))
  expect(code).toBe("SourceUnavailable")
  expect(message).not.toContain(tokenSecret)
  return message
}
const listOf = (replies: Replies) => replies["/cluster/resources"] as Record<string, unknown>[]

describe("a cluster", () => {
  it("is its nodes and their guests", async () => {
    const { observations, coverage } = await look(await proxmox())
    expect(observations.map(({ nativeKey }) => nativeKey)).toStrictEqual(
      ["lxc/200", "lxc/201", "node/pve1", "node/pve2", "node/pve3"].concat(
        [100, 101, 102, 103].map((vmid) => `qemu/${vmid}`),
      ),
    )
    expect(coverage).toMatchObject({
      rights: `token:${token}`,
      notLooked: {},
      complete: { target: true, service: false },
      failed: [
        { target: "lxc/201", message: "the node is not online" },
        { target: "node/pve3", message: "the node is not online" },
      ],
    })
  })

  it("of which a node is what it runs on, what it holds, and what waits to be updated", async () => {
    const { of, coverage } = await look(await proxmox())
    expect(of("node/pve1").facets).toMatchObject({
      identity: { name: "pve1", hostname: "pve1" },
      network: { addresses: { "ip:10.0.0.1": {} } },
      hypervisor: { cluster: "rack", product: "Proxmox VE", version: "9.1.1", status: "online" },
      updates: { pending: { "pkg:zlib1g": { version: "2" } } },
      hardware: { cpuCores: 16, memoryMiB: 65_536, cpuModel: "AMD EPYC 7302P", architecture: "x86_64" },
      os: { kernel: "6.17.2-1-pve" },
      storage: {
        filesystems: {
          "fs:local-lvm": { type: "lvmthin", sizeMiB: 102_400, usedPercent: 30 },
          "fs:local": { type: "dir", usedPercent: 30 },
        },
      },
      usage: { memoryPercent: 12.5 },
    })
    expect(of("node/pve2").facets).toMatchObject({ storage: { filesystems: { "fs:local-lvm": { type: "lvmthin" } } } })
    const pve2 = coverage.targets?.find(({ targets }) => targets.includes("node/pve2"))
    expect(pve2?.notLooked["/updates/pending"]).toBe("HTTP 403 Permission check failed (/nodes/pve2, Sys.Modify)")
    expect(of("node/pve3").facets).toStrictEqual({
      identity: { name: "pve3", hostname: "pve3" },
      network: { addresses: { "ip:10.0.0.3": {} } },
      hypervisor: { cluster: "rack", product: "Proxmox VE", status: "offline" },
      storage: { filesystems: {} },
    })
  })

  it("of which a virtual machine is its settings, its snapshots, and what its agent says of its addresses", async () => {
    const { of } = await look(await proxmox())
    expect(of("qemu/100").facets).toMatchObject({
      identity: { name: "web", smbiosUuid: "0a1b2c3d-0000-4000-8000-000000000100" },
      labels: { tags: { "tag:shop": {}, "tag:eu": {} } },
      hardware: { cpuCores: 2, memoryMiB: 4_096, virtualization: "kvm" },
      guest: {
        kind: "qemu",
        cluster: "rack",
        vmid: 100,
        node: "pve1",
        power: "running",
        template: false,
        pool: "shop",
        haState: "started",
        startsAtBoot: true,
        createdAt: "2025-11-24T16:00:00.000Z",
        generationId: "5f0c9a52-0000-4000-8000-000000000100",
        disks: { "disk:scsi0": { volume: "local-lvm:vm-100-disk-0", sizeMiB: 32_768 } },
        nics: { "nic:net0": { bridge: "vmbr0", vlan: 20 } },
        snapshots: { "snap:before": { takenAt: "2025-11-24T16:01:40.000Z", parent: null } },
        pending: { "key:memory": {}, "key:cipassword": {}, "key:net1": {} },
      },
      network: {
        interfaces: {
          "if:net0": {
            mac: "bc:24:11:00:01:00",
            addresses: { "ip:10.0.1.100/24": {}, "ip:2001:db8::100/64": {}, "ip:2001:db8::be24:11ff:fe00:100/64": {} },
          },
        },
      },
    })
    const addresses = JSON.stringify(of("qemu/100").facets["network"])
    expect(addresses).not.toContain("a1b2")
  })

  it("of which a container, a template, and a machine that is off or silent are no less", async () => {
    const { of, coverage } = await look(await proxmox())
    expect(of("lxc/200").facets).toMatchObject({
      identity: { name: "db", hostname: "db" },
      hardware: { cpuCores: 1, virtualization: "lxc" },
      guest: {
        kind: "lxc",
        disks: { "disk:rootfs": { sizeMiB: 528 }, "disk:mp0": { sizeMiB: 102_400 } },
        nics: { "nic:net0": { bridge: "vmbr1", vlan: null } },
        haState: null,
        snapshots: {},
        pending: {},
      },
      network: { interfaces: { "if:eth0": { mac: "bc:24:11:00:02:00", addresses: { "ip:10.0.1.200/24": {} } } } },
      usage: { memoryPercent: 25 },
    })
    expect(of("qemu/103").facets["guest"]).toMatchObject({ template: true, power: "stopped" })
    expect(of("qemu/101").facets["usage"]).toBeUndefined()
    const why = (key: string) => coverage.targets?.find(({ targets }) => targets.includes(key))?.notLooked
    expect(why("qemu/101")?.["/network/interfaces/*/addresses"]).toBe("it does not run")
    expect(why("qemu/102")?.["/network/interfaces/*/addresses"]).toBe("no guest agent")
    expect(of("lxc/201").facets["guest"]).toStrictEqual({
      kind: "lxc",
      cluster: "rack",
      vmid: 201,
      node: "pve3",
      power: "unknown",
      pool: null,
      haState: null,
    })
  })

  it("keeps the secrets of its guests to itself", async () => {
    expect(JSON.stringify(await look(await proxmox()))).not.toMatch(/hunter2|ssh-ed25519|\*\*\*/)
  })

  it("is the same again but for what is measured, and is asked less", async () => {
    const stub = await proxmox()
    const rack = source(stub.options)
    const withoutMeasures = (observations: Awaited<ReturnType<typeof look>>["observations"]) =>
      observations.map(({ facets: { usage: _, ...facets }, ...rest }) => ({ ...rest, facets }))
    const first = await lookAt(rack)
    const asked = stub.asked.splice(0).length
    Object.assign(stub.replies, cluster())
    const second = await lookAt(rack)
    expect(withoutMeasures(second.observations)).toStrictEqual(withoutMeasures(first.observations))
    expect(second.coverage).toStrictEqual(first.coverage)
    const paths = stub.asked.splice(0).map(({ path }) => path)
    expect(paths.filter((path) => /snapshot|pending/.test(path))).toStrictEqual([])
    expect(asked - paths.length).toBe(10)
    Object.assign(stub.replies["/nodes/pve1/qemu/101/config?current=1"] as object, { digest: "other" })
    stub.replies["/nodes/pve1/qemu/101/snapshot"] = [{ name: "new", snaptime: 1_764_000_100 }]
    expect((await lookAt(rack)).of("qemu/101").facets["guest"]).toMatchObject({
      snapshots: { "snap:new": { takenAt: "2025-11-24T16:01:40.000Z" } },
    })
  })

  it("is told of a migration as of a guest that is elsewhere, and of a number that was given again as of another identity", async () => {
    const stub = await proxmox()
    const rack = source(stub.options)
    await lookAt(rack)
    const list = listOf(stub.replies)
    list[0] = guest("qemu", 100, "web", "pve2")
    for (const page of ["config?current=1", "snapshot", "pending", "agent/network-get-interfaces"])
      stub.replies[`/nodes/pve2/qemu/100/${page}`] = stub.replies[`/nodes/pve1/qemu/100/${page}`]
    expect((await lookAt(rack)).of("qemu/100").facets).toMatchObject({
      identity: { smbiosUuid: "0a1b2c3d-0000-4000-8000-000000000100" },
      guest: { node: "pve2" },
    })
    stub.replies["/nodes/pve2/qemu/100/config?current=1"] = {
      digest: "new",
      meta: "creation-qemu=10.1.2,ctime=1764100000",
      smbios1: "uuid=ffffffff-0000-4000-8000-000000000100",
    }
    expect((await lookAt(rack)).of("qemu/100").facets).toMatchObject({
      identity: { smbiosUuid: "ffffffff-0000-4000-8000-000000000100" },
      guest: { createdAt: "2025-11-25T19:46:40.000Z" },
    })
  })

  it("that is a single node is called as the node is", async () => {
    const stub = await proxmox()
    stub.replies["/cluster/status"] = [{ type: "node", id: "node/pve1", name: "pve1", local: 1, online: 1, nodeid: 0 }]
    expect((await look(stub)).of("qemu/100").facets["guest"]).toMatchObject({ cluster: "pve1" })
  })
})

describe("a token that lacks a right", () => {
  const audit = { "VM.Audit": 1, "Sys.Audit": 1, "Datastore.Audit": 1 }

  it.each([
    ["VM.Audit on /vms", { "/vms": { "Sys.Audit": 1 } }],
    ["VM.Audit on /vms", { "/vms": { ...audit, "VM.Audit": 0 } }],
    ["VM.Audit on /vms/105", { "/vms": audit, "/vms/105": { "VM.PowerMgmt": 1 } }],
    ["Sys.Audit on /nodes", { "/nodes": {} }],
  ])("sees what it sees, and not that the rest is gone: %s", async (right, permissions) => {
    const stub = await proxmox()
    stub.replies["/access/permissions"] = { "/nodes": audit, "/storage": audit, "/vms": audit, ...permissions }
    const { coverage } = await look(stub)
    expect(coverage.complete.target).toBe(false)
    const unseen = right.startsWith("VM") ? {} : { "/causes": `the token lacks ${right}` }
    expect(coverage.notLooked).toStrictEqual({ "/target": `the token lacks ${right}`, ...unseen })
  })

  it("and for which the API is an empty list has no empty fleet", async () => {
    const stub = await proxmox()
    Object.assign(stub.replies, { "/access/permissions": {}, "/cluster/resources": [] })
    stub.replies["/cluster/status"] = fails(403, "Permission check failed (/, Sys.Audit)")
    const { observations, coverage } = await look(stub)
    expect(observations).toStrictEqual([])
    expect(coverage.complete.target).toBe(false)
    expect(coverage.notLooked).toStrictEqual({
      "/target":
        "the token lacks VM.Audit on /vms; the token lacks Sys.Audit on /nodes; no node is listed, not even the one that answers",
      "/storage": "the token lacks Datastore.Audit on /storage",
      "/causes": "the token lacks Sys.Audit on /nodes",
    })
  })

  it("to see storage loses that, and does not say that there is none", async () => {
    const stub = await proxmox()
    stub.replies["/access/permissions"] = { "/nodes": audit, "/vms": audit }
    const { of, coverage } = await look(stub)
    expect(of("node/pve1").facets["storage"]).toBeUndefined()
    expect(coverage).toMatchObject({ complete: { target: true } })
  })

  it("to see which cluster it is cannot be trusted to be that one, where one is named", async () => {
    const stub = await proxmox()
    stub.replies["/cluster/status"] = fails(403, "Permission check failed (/, Sys.Audit)")
    expect(await refusal({ ...stub.options, cluster: "rack" })).toBe(
      'it cannot be seen whether it is the cluster "rack": HTTP 403 Permission check failed (/, Sys.Audit)',
    )
    expect((await look(stub)).of("node/pve1").facets["hypervisor"]).not.toHaveProperty("cluster")
  })
})

describe("a cluster that cannot be looked at", () => {
  it("is another one than is meant", async () => {
    const stub = await proxmox()
    expect(await refusal({ ...stub.options, cluster: "attic" })).toBe('it is another cluster: "rack" and not "attic"')
    expect((await lookAt(source({ ...stub.options, cluster: "rack" }))).observations).toHaveLength(9)
  })

  it("shows another certificate than the one that is trusted, and never sees the token", async () => {
    const stub = await proxmox()
    const { addresses } = stub.options
    const pinned = (fingerprints: readonly string[]): ProxmoxOptions => ({
      addresses,
      token,
      secret: "env:PVE",
      fingerprints,
    })
    expect(await refusal(pinned(["00".repeat(32)]))).toBe(
      `https://${addresses[0]}: its certificate has the fingerprint ${stub.fingerprint}, which is not trusted`,
    )
    expect(await refusal({ addresses, token, secret: "env:PVE" })).toMatch(/self-signed certificate/)
    expect(stub.connections()).toBeGreaterThan(0)
    expect(stub.asked).toStrictEqual([])
    const plain = stub.fingerprint.replaceAll(":", "").toLowerCase()
    await lookAt(source(pinned(["11".repeat(32), plain])))
    expect(new Set(stub.asked.map(({ authorization }) => authorization))).toStrictEqual(
      new Set([`PVEAPIToken=${token}=${tokenSecret}`]),
    )
  })

  it("is asked at its next address when the first does not answer, or is none of its", async () => {
    const [stub, other] = [await proxmox(), await proxmox()]
    const [address = ""] = stub.options.addresses
    const addresses = ["localhost:1", ...other.options.addresses, address]
    expect((await lookAt(source({ ...stub.options, addresses }))).observations).toHaveLength(9)
    expect(other.asked).toStrictEqual([])
    expect(await refusal({ ...stub.options, addresses: addresses.slice(0, 2) })).toMatch(
      /^https:\/\/localhost:1: .*; https:\/\/localhost:\d+: .*certificate/,
    )
  })

  it.each([
    ["/access/permissions", fails(401, "invalid token value!"), /: the token is refused \(401\)$/],
    ["/cluster/resources", fails(401, "authentication failure"), /: the token is refused \(401\)$/],
    ["/nodes/pve2/lxc/200/interfaces", fails(401, "authentication failure"), /: the token is refused \(401\)$/],
    ["/cluster/resources", fails(500, "got no worker"), /: HTTP 500 got no worker$/],
    ["/cluster/resources", fails(302, "Moved"), /: HTTP 302 Moved$/],
    ["/cluster/resources", null, /: \/cluster\/resources is not as expected$/],
    ["/cluster/resources", [{ type: "qemu", vmid: "x" }], /: \/cluster\/resources is not as expected at "0/],
    ["/cluster/resources", html, /: its answer is not JSON$/],
    ["/cluster/resources", truncated, /: aborted$/],
  ])("says so, and not that nobody is there: %s %#", async (path, reply, message) => {
    const stub = await proxmox()
    stub.replies[path] = reply
    expect(await refusal(stub.options)).toMatch(message)
  })

  it("has no secret that can be sent", async () => {
    const { options } = await proxmox()
    const broken = proxmoxSource("rack", options, { secret: () => `${tokenSecret}\nX: y` })
    const { code, message } = await refusalOf(() => lookAt(broken))
    expect(code).toBe("SourceUnavailable")
    expect(message).not.toContain(tokenSecret)
  })

  it("lets go when the look is not wanted any more, whatever it waits for", async () => {
    const stub = await proxmox()
    stub.replies["/nodes/pve1/status"] = () => undefined
    const silent = net.createServer()
    const closed = new Promise((resolve) => silent.once("connection", (socket) => socket.resume().on("close", resolve)))
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
    const { port } = silent.address() as net.AddressInfo
    for (const addresses of [stub.options.addresses, [`127.0.0.1:${port}`]]) {
      const abort = new AbortController()
      const looking = source({ ...stub.options, addresses }).look(abort.signal)
      setTimeout(() => abort.abort(new Error("enough")), 200)
      await expect(looking).rejects.toThrow("enough")
    }
    await closed
    silent.close()
  })
})

function html(response: Parameters<ReturnType<typeof fails>>[0]): void {
  response.writeHead(200, { "content-type": "text/html" }).end("<html>Log in</html>")
}

function truncated(response: Parameters<ReturnType<typeof fails>>[0]): void {
  response.writeHead(200, { "content-length": 1_000 }).write('{"data": [')
  setTimeout(() => response.destroy(), 50)
}

describe("a page that fails", () => {
  const unseen: Record<string, [string, string, readonly string[]]> = {
    "/nodes/pve2/lxc/200/config?current=1": [
      "lxc/200",
      "guest",
      ["disks", "nics", "startsAtBoot", "snapshots", "pending"],
    ],
    "/nodes/pve1/qemu/100/snapshot": ["qemu/100", "guest", ["snapshots"]],
    "/nodes/pve1/qemu/100/pending": ["qemu/100", "guest", ["pending"]],
    "/nodes/pve1/status": ["node/pve1", "hardware", ["cpuModel", "architecture"]],
    "/nodes/pve1/apt/update": ["node/pve1", "updates", ["pending"]],
  }
  const agent = "/nodes/pve1/qemu/100/agent/network-get-interfaces"

  it.each([
    [fails(500, "QEMU guest agent is not running"), "HTTP 500 QEMU guest agent is not running"],
    [fails(596, "Connection timed out"), "HTTP 596 Connection timed out"],
    [html, "its answer is not JSON"],
    [truncated, "aborted"],
    [7, expect.stringContaining("is not as expected")],
  ])("is what was not looked at, and nothing else: %#", async (reply, why) => {
    const stub = await proxmox()
    const all = await look(stub)
    for (const path of [...Object.keys(unseen), agent]) stub.replies[path] = reply
    const less = await look(stub)
    expect(less.observations).toHaveLength(9)
    expect(less.coverage.complete.target).toBe(true)
    const whyNot = (key: string) => less.coverage.targets?.find(({ targets }) => targets.includes(key))?.notLooked
    for (const [key, facet, fields] of Object.values(unseen)) {
      for (const field of fields) {
        expect(whyNot(key)?.[`/${facet}/${field}`]).toStrictEqual(why)
        expect(less.of(key).facets[facet]?.[field]).toBeUndefined()
      }
    }
    expect(less.of("lxc/200").facets["network"]).toBeUndefined()
    expect(whyNot("qemu/100")?.["/network/interfaces/*/addresses"]).toStrictEqual(why)
    expect(less.of("qemu/100").facets["network"]).toStrictEqual({
      interfaces: { "if:net0": { mac: "bc:24:11:00:01:00" } },
    })
    expect(less.of("qemu/102").facets).toStrictEqual(all.of("qemu/102").facets)
  })

  it("as it is never answered is waited for alone; where nothing is answered any more, the look ends there", async () => {
    const stub = await proxmox()
    const { port } = new URL(`https://${stub.options.addresses[0] ?? ""}`)
    const way = await CutProxy.to(Number(port))
    const options = { ...stub.options, addresses: [`localhost:${way.port}`] }
    const rack = proxmoxSource("rack", options, { secret: () => tokenSecret, patienceMs: 300 })
    const path = "/nodes/pve1/qemu/100/snapshot"
    const was = stub.replies[path]
    stub.replies[path] = () => undefined
    const less = await lookAt(rack)
    expect(less.observations).toHaveLength(9)
    const whyNot = less.coverage.targets?.find(({ targets }) => targets.includes("qemu/100"))?.notLooked
    expect(whyNot?.["/guest/snapshots"]).toBe("no answer within 0.3 s")
    stub.replies[path] = () => way.hold()
    const { code, message } = await refusalOf(() => lookAt(rack))
    expect([code, message]).toStrictEqual([
      "SourceUnavailable",
      `https://localhost:${way.port}: no answer within 0.3 s`,
    ])
    way.mend()
    stub.replies[path] = was
    expect((await lookAt(rack)).of("qemu/100").facets["guest"]).toHaveProperty("snapshots")
  })

  it("is asked again at the next look", async () => {
    const stub = await proxmox()
    const rack = source(stub.options)
    const path = "/nodes/pve1/qemu/100/snapshot"
    const was = stub.replies[path]
    stub.replies[path] = fails(500, "got timeout")
    expect((await lookAt(rack)).of("qemu/100").facets["guest"]).not.toHaveProperty("snapshots")
    stub.replies[path] = was
    expect((await lookAt(rack)).of("qemu/100").facets["guest"]).toHaveProperty("snapshots")
  })

  it("of the cluster's own vote makes what is missing no absence", async () => {
    const stub = await proxmox()
    const status = stub.replies["/cluster/status"] as object[]
    stub.replies["/cluster/status"] = status.map((each) => ({ ...each, quorate: 0 }))
    expect((await look(stub)).coverage).toMatchObject({
      complete: { target: false },
      notLooked: { "/target": "the cluster has no quorum: what this node knows may be old" },
    })
  })
})

describe("what discovery concludes", () => {
  it("is no absence from an empty list or a page that fails", async () => {
    const stub = await proxmox()
    const rack = source(stub.options)
    const bench = await workbench()
    bench.source.next = (signal) => rack.look(signal)
    expect(await bench.look()).toMatchObject({ targets: 9, changes: 9 })
    const { "/access/permissions": permissions, "/cluster/resources": list } = stub.replies
    await bench.news()

    Object.assign(stub.replies, { "/access/permissions": {}, "/cluster/resources": [] })
    for (let i = 0; i < 4; i++) expect(await bench.look()).toMatchObject({ targets: 0, changes: 0 })
    Object.assign(stub.replies, { "/access/permissions": permissions, "/cluster/resources": list })
    stub.replies["/nodes/pve1/qemu/100/config?current=1"] = fails(500, "got timeout")
    for (let i = 0; i < 2; i++) expect(await bench.look()).toMatchObject({ targets: 9, changes: 0 })
  })
})

describe("a guest that is not listed any more", () => {
  const onePath = "/access/permissions?path=/vms/101"
  async function without101() {
    const [stub, bench] = [await proxmox(), await discoveryBench()]
    const rack = source(stub.options)
    await bench.lookAt(rack)
    await bench.news()
    const list = listOf(stub.replies)
    list.splice(
      list.findIndex(({ vmid }) => vmid === 101),
      1,
    )
    return { stub, bench, rack }
  }

  it.each([
    ["lacks every right on it", { "/vms/101": {} }, "the token lacks VM.Audit on /vms/101"],
    ["has no path for it", {}, "the token lacks VM.Audit on /vms/101"],
    ["lost the right on it", { "/vms/101": { "VM.Audit": null } }, "the token lacks VM.Audit on /vms/101"],
    ["cannot be asked", fails(500, "no"), "it cannot be seen whether the token has VM.Audit on /vms/101: HTTP 500 no"],
    ["is refused", fails(401, "no"), expect.stringContaining("the token is refused (401)")],
  ])("is not gone where the token %s", async (_, rights, message) => {
    const { stub, bench, rack } = await without101()
    stub.replies[onePath] = rights
    const failed = [expect.objectContaining({ target: "lxc/201" }), expect.objectContaining({ target: "node/pve3" })]
    const unseen = { target: "qemu/101", code: "SourceUnavailable", message }
    for (let i = 0; i < 4; i++)
      expect(await bench.lookAt(rack)).toMatchObject({ changes: 0, failed: [...failed, unseen] })
    const [account, ...others] = await bench.news()
    expect([account?.type, others]).toStrictEqual(["DiscoveryCompleted", []])
  })

  it("is gone where the token has on it what it has on all, and is asked about until it is retired", async () => {
    const { stub, bench, rack } = await without101()
    const questions = () => stub.asked.splice(0).filter(({ path }) => path === onePath).length
    expect([(await bench.lookAt(rack)).changes, questions()]).toStrictEqual([1, 1])
    for (let i = 0; i < 4; i++) await bench.lookAt(rack)
    expect((await bench.news()).filter(({ type }) => type === "TargetRetired")).toHaveLength(1)
    questions()
    expect([(await bench.lookAt(rack)).changes, questions()]).toStrictEqual([0, 0])
  })
})

describe("hostile names", () => {
  const long = "x".repeat(1_000_000)

  it("are names that fit on a line, and lead nowhere", async () => {
    const stub = await proxmox()
    const names = ["\u001B[31mred", "__proto__", "a\0b", long, "../../access"]
    listOf(stub.replies).push(
      ...names.map((name) => ({ type: "node", node: name, status: "online" })),
      ...names.map((name, i) => guest("qemu", 500 + i, name, name, { tags: name, pool: name, hastate: name })),
    )
    stub.replies["/nodes/pve1/qemu/101/config?current=1"] = JSON.parse(
      `{"digest": "x", "net0": "${"virtio=".repeat(10_000)}", "__proto__": "y", "scsi0": "${long}", "smbios1": "uuid=\\u001b[2J"}`,
    ) as unknown
    stub.replies["/nodes/pve1/qemu/101/snapshot"] = names.map((name) => ({ name, parent: name }))
    const { of, observations } = await look(stub)
    expect(observations).toHaveLength(19)
    expect(of("node/\uFFFD[31mred").facets["identity"]).toMatchObject({ name: "\uFFFD[31mred" })
    expect(of("qemu/503").facets["identity"]).toMatchObject({ name: "x".repeat(1_024) })
    expect(of("qemu/501").facets["labels"]).toStrictEqual({ tags: { "tag:__proto__": {} } })
    expect(of("qemu/101").facets["guest"]).toMatchObject({ snapshots: { "snap:__proto__": { parent: "__proto__" } } })
    expect(stub.asked.filter(({ path }) => path.includes("access"))).toHaveLength(1)
  })
})

describe("any answer", () => {
  it("is a cluster, or refused by an error of ours", async () => {
    const stub = await proxmox()
    const pages = Object.keys(stub.replies)
    const anyPage = fc.constantFrom(...pages)
    const anyReply = fc.oneof(
      anyJson,
      fc.array(anyJson, { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom("net0", "scsi0", "rootfs", "meta", "smbios1", "agent", "digest", "result"),
        anyJson,
      ),
    )
    const was = { ...stub.replies }
    await fc.assert(
      fc.asyncProperty(fc.dictionary(anyPage, anyReply, { minKeys: 1, maxKeys: 4 }), async (odd) => {
        Object.assign(stub.replies, was, odd)
        try {
          await look(stub)
        } catch (error) {
          expect(error).toBeInstanceOf(FleetError)
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe("a setting of several in one text", () => {
  it("is taken apart, whatever it holds", () => {
    expect([...properties("local:vm-1,size=32G,size=1G,ro")]).toStrictEqual([
      ["", "local:vm-1"],
      ["size", "32G"],
    ])
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => properties(text).size > 0))
  })

  it("has sizes in whole MiB", () => {
    expect(["32G", "528K", "1T", "4M", "1048577", "x", undefined, "9999999999999999T"].map(sizeMiB)).toStrictEqual([
      32_768,
      1,
      1_048_576,
      4,
      2,
      null,
      null,
      null,
    ])
  })

  it("has addresses that stay", () => {
    const stated = (address: string) => [
      ...(addressesByMac([{ mac: "AA", addresses: [{ address, prefix: 64 }] }]).get("aa") ?? []),
    ]
    for (const address of ["10.0.0.1", "fe80::1", "2001:db8:1:2::53", "::1", "fe80::be24:11ff:fe00:100"])
      expect(stated(address)).toStrictEqual([`${address}/64`])
    for (const address of ["2001:db8::1:2:3:4", "fe80::1%eth0", "x", ""]) expect(stated(address)).toStrictEqual([])
  })
})
