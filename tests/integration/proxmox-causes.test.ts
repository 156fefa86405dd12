/** Who changed a guest and why, as the nodes' logs of tasks have it (by a stand-in), from the look to the history; and all that they do not account for. */
import { proxmoxSource } from "#discovery/sources/proxmox.js"
import { instant, epochMs } from "#kernel/clock.js"
import { changeOf } from "#timeline/change.js"
import { changeTypes } from "#events/catalog.js"
import { discoveryBench } from "#tests/support/discovery-bench.js"
import { cluster, fails, guest, proxmox, task, tokenSecret } from "#tests/support/proxmox.js"
import { describe, expect, it } from "vitest"

type Listed = Record<string, unknown>

/** A cluster that was looked at once, before anything happened. */
async function rack() {
  const bench = await discoveryBench()
  const stub = await proxmox()
  const source = proxmoxSource("rack", stub.options, { secret: () => tokenSecret, clock: bench.clock })
  await bench.lookAt(source)
  await bench.news()
  return {
    ...bench,
    stub,
    source,
    listed: stub.replies["/cluster/resources"] as Listed[],
    /** Some minutes after the last look, which is before the next one. */
    soon: (seconds = 60) => instant(epochMs(bench.clock.now()) + seconds * 1_000),
    /** What the next look changes, and who did it; without how busy what now runs is. */
    changes: async () => {
      await bench.lookAt(source)
      const changes = (await bench.news()).filter(({ type }) => changeTypes.some((each) => each === type))
      await bench.ports.reached((await bench.ledger.head()).position)
      const told = await Promise.all(changes.map((event) => changeOf(bench.views, event)))
      return told.filter(({ changes: fields }) => !fields.some(({ path }) => path.startsWith("/resources/")))
    },
  }
}

describe("a change to a guest", () => {
  it("tells who did it, why and when, if a task accounts for it", async () => {
    const { stub, listed, soon, changes } = await rack()
    const at = soon()
    listed[1] = guest("qemu", 101, "win", "pve1")
    stub.replies["/nodes/pve1/tasks"] = [task("qmstart", 101, "alice@pam", at)]
    expect(await changes()).toMatchObject([
      {
        type: "TargetChanged",
        entity: { name: "win" },
        actor: "discovery",
        by: "alice@pam",
        reason: expect.stringMatching(/^qmstart UPID:pve1:[\dA-F:]+:qmstart:101:alice@pam:$/),
        occurredAt: at,
        changes: [{ path: "/guest/power", before: "stopped", after: "running" }],
      },
    ])
    expect(await changes()).toStrictEqual([])
  })

  it("tells nobody where no task does: of another guest, failed, of other things, undone, or before the last look", async () => {
    const { stub, listed, soon, changes } = await rack()
    const [at, later] = [soon(), soon(120)]
    listed[1] = guest("qemu", 101, "win", "pve1")
    stub.replies["/nodes/pve1/tasks"] = [
      task("qmstart", 102, "other@pam", at),
      task("vzstart", 101, "kind@pam", at),
      task("qmstart", 101, "failed@pam", at, { status: "start failed: exit code 1" }),
      task("qmstart", 101, "running@pam", at, { status: undefined, endtime: undefined }),
      task("qmsnapshot", 101, "things@pam", at),
      task("__proto__", 101, "odd@pam", at),
      task("qmstart", 101, "undone@pam", at),
      task("qmstop", 101, "undoer@pam", later),
      task("qmstart", 101, "long-ago@pam", soon(-3_600)),
    ]
    expect(await changes()).toMatchObject([{ by: null, reason: null, changes: [{ path: "/guest/power" }] }])
  })

  it("is told apart from what others changed at once, and a token is named as such", async () => {
    const { stub, listed, soon, changes } = await rack()
    const [at, later] = [soon(), soon(120)]
    listed[1] = guest("qemu", 101, "win", "pve1", { pool: "shop" })
    Object.assign(stub.replies["/nodes/pve1/qemu/101/config?current=1"] as object, { digest: "other" })
    stub.replies["/nodes/pve1/qemu/101/snapshot"] = [{ name: "new", snaptime: 1_764_000_100 }]
    stub.replies["/nodes/pve1/tasks"] = [
      task("qmstart", 101, "alice@pam", later),
      task("qmsnapshot", 101, "backup@pve", at, { tokenid: "nightly", status: "WARNINGS: 1" }),
    ]
    const found = await changes()
    expect(found.map(({ by, changes: [change] }) => [by, change?.path])).toStrictEqual([
      ["backup@pve!nightly", "/guest/snapshots/snap:new"],
      ["alice@pam", "/guest/power"],
      [null, "/guest/pool"],
    ])
  })

  it("may be that it moved, that it is new or that it is gone; or that its node fetched lists of packages", async () => {
    const { stub, listed, soon, changes } = await rack()
    const at = soon()
    stub.replies["/cluster/resources"] = [
      ...listed.filter(({ vmid }) => vmid !== 102 && vmid !== 103),
      guest("qemu", 103, "base", "pve1", { status: "stopped", template: 1 }),
      guest("lxc", 300, "new", "pve1"),
    ]
    for (const page of ["config?current=1", "snapshot", "pending"])
      stub.replies[`/nodes/pve1/qemu/103/${page}`] = stub.replies[`/nodes/pve2/qemu/103/${page}`]
    stub.replies["/nodes/pve1/apt/update"] = []
    stub.replies["/nodes/pve1/tasks"] = [
      task("vzcreate", 300, "carol@pve", at),
      task("aptupdate", "", "root@pam", at),
      task("aptupdate", "", "far@pam", at, { node: "pve2" }),
    ]
    stub.replies["/nodes/pve2/tasks"] = [task("qmigrate", 103, "dave@pam", at), task("qmdestroy", 102, "eve@pam", at)]
    const who = (await changes()).map(({ entity, type, by }) => `${entity.name} ${type} ${by}`)
    expect(who.toSorted()).toStrictEqual([
      "base TargetChanged dave@pam",
      "new TargetDiscovered carol@pve",
      "pve1 TargetChanged root@pam",
      "silent TargetUnseen eve@pam",
    ])
  })

  it("is nobody's in the first look of all, which does not know what was before", async () => {
    const bench = await discoveryBench()
    const stub = await proxmox()
    stub.replies["/nodes/pve1/tasks"] = [task("qmcreate", 100, "alice@pam", bench.clock.now())]
    await bench.lookAt(proxmoxSource("rack", stub.options, { secret: () => tokenSecret, clock: bench.clock }))
    const by = (await bench.news()).map(({ metadata }) => metadata.by)
    expect(by.filter((who) => who !== undefined)).toStrictEqual([])
  })
})

describe("a log of tasks that cannot be read", () => {
  it("is said to be unseen, and is no reason for the look to fail", async () => {
    const { stub, listed, source, soon, lookAt, news } = await rack()
    listed[1] = guest("qemu", 101, "win", "pve1")
    stub.replies["/nodes/pve1/tasks"] = fails(403, "Permission check failed")
    stub.replies["/nodes/pve2/tasks"] = [{ upid: 1, type: {} }, task("qmstart", 101, "alice@pam", soon())]
    expect(await lookAt(source)).toMatchObject({ outcome: "completed" })
    const account = (await news()).find(({ type }) => type === "DiscoveryCompleted")
    const coverage = { notLooked: { "/causes": expect.stringMatching(/^pve1: HTTP 403 .*; pve2: .*not as expected/) } }
    expect(account?.data).toMatchObject({ coverage: { ...coverage, complete: { target: true } } })
  })

  it("says nothing where the token sees its own tasks only", async () => {
    const { stub, listed, soon, changes } = await rack()
    listed[1] = guest("qemu", 101, "win", "pve1")
    stub.replies["/nodes/pve1/tasks"] = [task("qmstart", 101, "fleet@pve", soon())]
    const { "/nodes": _, ...rest } = cluster()["/access/permissions"] as object & { "/nodes": unknown }
    stub.replies["/access/permissions"] = rest
    expect(await changes()).toMatchObject([{ by: null }])
  })
})
